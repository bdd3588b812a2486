import Testing

@testable import NdctlPersonality

/// The grammar of git's commands, as ndctl and daxctl have it.
@Suite struct GrammarTests {
  private let parser = OptionParser([
    OptionSpec("b", "bus", .text), OptionSpec("r", "region", .text), OptionSpec("R", "regions"),
    OptionSpec("i", "idle"), OptionSpec("v", "verbose", .counter), OptionSpec("s", "size", .number),
    OptionSpec("L", "autolabel"), OptionSpec("N", "no-online"),
  ])

  private func parsed(_ line: String) throws -> ParsedOptions {
    try parser.parse(line.split(separator: " ").map(String.init))
  }

  @Test func bundlesSetEachFlagAndTheLastTakesTheRest() throws {
    let options = try parsed("-iRvv -bACPI.NFIT -ir region0")
    #expect(options.flag("idle") && options.flag("regions"))
    #expect(options.count("verbose") == 2)
    #expect(options.text("bus") == "ACPI.NFIT" && options.text("region") == "region0")
  }

  @Test func optionsFollowNamesAndTwoDashesEndThem() throws {
    let options = try parsed("namespace0.0 --idle all -- -i --bus")
    #expect(options.names == ["namespace0.0", "all", "-i", "--bus"])
    #expect(options.flag("idle"))
  }

  @Test func uniquePrefixesAreTheOption() throws {
    #expect(try parsed("--id --siz=4096").flag("idle"))
    #expect(try parsed("--siz 4096").number("size") == 4096)
    #expect(try parsed("--region x").text("region") == "x")
  }

  @Test func anAmbiguousPrefixNamesBoth() {
    #expect(
      throws: OptionParser.Stop.usage("Ambiguous option: reg (could be --region or --regions)")
    ) { try parsed("--reg") }
  }

  @Test func flagsCanBeTurnedOff() throws {
    #expect(try !parsed("--idle --no-idle").flag("idle"))
    #expect(try !parsed("--no-autolabel").flag("autolabel", default: true))
    #expect(try parsed("--no-online").flag("no-online"))
    #expect(try !parsed("--online").flag("no-online", default: true))
  }

  @Test(arguments: [
    ("--nosuch", "unknown option `nosuch'"), ("-Z", "unknown switch `Z'"),
    ("-b", "switch `b' requires a value"), ("--bus", "option `bus' requires a value"),
    ("--idle=1", "option `idle' takes no value"), ("--size=x", "option `size' expects a numerical value"),
  ])
  func whatIsWrongIsNamed(line: String, complaint: String) {
    #expect(throws: OptionParser.Stop.usage(complaint)) { try parsed(line) }
  }

  @Test func aLongOptionWithOneDashIsRecognised() {
    #expect(throws: OptionParser.Stop.complaint("did you mean `--idle` (with two dashes ?)")) {
      try parsed("-idle")
    }
  }

  @Test func optionsAreListedBeforeAnythingBehindThem() {
    #expect(throws: OptionParser.Stop.listOptions) { try parsed("--idle --list-opts --nosuch") }
  }

  @Test(
    arguments: [
      ("16M", 16 << 20), ("0x1000", 4096), ("010", 8), ("4k", 4096), ("1g", 1 << 30), ("2T", 2 << 40),
      ("7", 7),
    ] as [(String, UInt64)])
  func aSizeHasOneSuffixAndAnyBase(text: String, bytes: UInt64) {
    #expect(SizeText(text)?.bytes == bytes)
  }

  @Test(arguments: [
    "16MiB", "1.5G", "50%", "1 G", "99999999999999999999", "18446744073709551615", "1MM", "x",
  ])
  func otherSizesAreNone(text: String) { #expect(SizeText(text) == nil) }
}
