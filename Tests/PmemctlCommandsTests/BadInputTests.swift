import Foundation
import PmemctlCommands
import Testing

/// Wrong input of every kind: a message that a person can act on, the documented status, and nothing changed.
@Suite struct BadInputTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let line: String
    let status: Status
    let says: String

    init(_ line: String, _ status: Status, _ says: String) {
      self.line = line
      self.status = status
      self.says = says
    }

    var testDescription: String { line }
  }

  private static let create = "namespace create --region region0"

  static let cases: [Case] = [
    // Names
    Case(
      "namespace show nosuch", .notFound, "no namespace is named \"nosuch\"\n  valid values: namespace0.0"),
    Case("namespace show namespace9.9", .notFound, "no namespace is named"),
    Case(
      "region show region9", .notFound, "no region is named \"region9\"\n  valid values: region0, region1"),
    Case("dimm show nmem9", .notFound, "no DIMM is named \"nmem9\""),
    Case("bus list nosuch", .notFound, "no bus is named \"nosuch\"\n  valid values: ndbus0 (ACPI.NFIT)"),
    Case("device list dax9.9", .notFound, "no DAX device is named \"dax9.9\""),
    Case("namespace show twin", .failed, "\"twin\" could be 2 namespaces\n"),
    Case("namespace destroy --force twin", .failed, "use the kernel name or the UUID"),
    Case("namespace create --region nosuch", .notFound, "no region is named \"nosuch\""),
    Case("namespace create --bus nosuch", .notFound, "no bus is named \"nosuch\""),
    // Sizes
    Case("\(create) --size 0", .usage, "size 0"),
    Case("\(create) --size=-16MiB", .usage, "--size: \"-16MiB\" is negative"),
    Case("\(create) --size 99999999999999999999", .usage, "does not fit 64 bits"),
    Case("\(create) --size 16777216TiB", .usage, "does not fit 64 bits"),
    Case("\(create) --size 1.5X", .usage, "has an unknown unit \"X\""),
    Case("\(create) --size abc", .usage, "is not a number"),
    Case("\(create) --size 0%", .usage, "is not between 1% and 100%"),
    Case("\(create) --size 101%", .usage, "is not between 1% and 100%"),
    Case("\(create) --usable 1.0001K", .usage, "--usable: \"1.0001K\" is not a whole number of bytes"),
    Case("\(create) --size 1GiB --usable 1GiB", .usage, "--size and --usable cannot both be given"),
    Case("\(create) --size 100MiB", .failed, "must be a multiple of 16 MiB\n  nearest: 96 MiB or 112 MiB"),
    Case("\(create) --size 1", .failed, "the nearest is 16 MiB"),
    Case("\(create) --size 800MiB", .failed, "no single hole is that large"),
    Case("\(create) --size 16TiB", .failed, "there is not that much free space"),
    Case("\(create) --usable 700MiB", .failed, "the most that can be usable is"),
    Case("\(create) --usable 16777215TiB", .failed, "there is no hole for it"),
    Case(
      "\(create) --size 16MiB --align 1GiB", .failed,
      "nothing would be usable in fsdax mode with 1 GiB alignment"),
    // Alignments, sector sizes, modes, maps
    Case("\(create) --align 3000", .usage, "is not a power of two"),
    Case("\(create) --align 0", .usage, "is not a power of two"),
    Case(
      "\(create) --align 16MiB", .usage, "alignment 16 MiB is not supported\n  fsdax takes 4KiB, 2MiB, 1GiB"),
    Case("\(create) --mode raw --align 2MiB", .usage, "--align has no meaning in raw mode"),
    Case("\(create) --mode sector --map mem", .usage, "--map has no meaning in sector mode"),
    Case("\(create) --map ram", .usage, "--map: \"ram\" is neither mem nor dev"),
    Case(
      "\(create) --mode sector --sector-size 1000", .usage,
      "sector size 1000 is not supported\n  sector mode takes 512"),
    Case("\(create) --sector-size 520", .usage, "it takes 512 or 4096"),
    Case(
      "\(create) --mode fast", .usage, "\"fast\" is not a mode\n  valid values: fsdax, devdax, sector, raw"),
    // Names and UUIDs that are given
    Case(
      "\(create) --name \(String(repeating: "x", count: 64))", .usage,
      "the name is 64 bytes long: a label holds at most 63"),
    Case("\(create) --name pmem0", .usage, "\"pmem0\" cannot be a name"),
    Case("\(create) --name a\u{1b}b", .usage, "must not contain control characters"),
    Case("\(create) --name a\u{fffd}b", .usage, "an argument is not valid UTF-8"),
    Case("\(create) --uuid 123", .usage, "--uuid: \"123\" is not a UUID"),
    Case("\(create) --uuid 00000000-0000-0000-0000-000000000000", .usage, "the null UUID is not valid"),
    Case("\(create) --uuid 11111111-2222-4333-8444-555555555555", .failed, "has it already"),
    // Label-less regions
    Case(
      "namespace create --region region2 --size 512MiB", .failed, "it has no labels and cannot be divided"),
    Case("namespace create --region region2", .refused, "is enabled (raw, 1 GiB)"),
    Case(
      "namespace create --region region2 --force --uuid 11111111-2222-4333-8444-555555555556", .failed,
      "nowhere to keep a UUID"),
    Case("namespace create --region region2 --force --usable 1GiB", .failed, "less than 1 GiB"),
    // States
    Case("namespace create --region region3 --size 5MiB", .failed, "cannot be divided"),
    Case("namespace destroy namespace0.0", .refused, "--force destroys it"),
    Case("namespace enable namespace0.4", .failed, "it has no size"),
    Case("namespace destroy namespace0.4", .notFound, "there is nothing to destroy"),
    // The command line itself
    Case("bogus", .usage, "unknown command \"bogus\""),
    Case("namespace create --bogus", .usage, "has no option --bogus"),
    Case("namespace show", .usage, "namespace show needs a namespace"),
    Case("namespace show all", .usage, "show takes one namespace"),
    Case("sim create MACHINE-2", .usage, "needs at least one --dimm, --e820 or --cxl-memdev"),
    Case("sim create MACHINE-2 --cxl-memdev 300MiB", .usage, "a multiple of 256 MiB"),
    Case("sim create MACHINE-2 --cxl-memdev 256MiB,kind=dram", .usage, "use pmem or ram"),
    Case(
      "sim create MACHINE-2 --cxl-memdev 256MiB,bridge=99", .usage, "host bridge 99 is not between 0 and 15"),
    Case("sim create MACHINE-2 --cxl-memdev 256MiB,decoders=0", .usage, "a CXL device has 1 to 32 decoders"),
    Case("sim create MACHINE-2 --cxl-memdev 256MiB,serial=x", .usage, "is not a serial number"),
    Case(
      "sim create MACHINE-2 --cxl-memdev 256MiB,serial=7 --cxl-memdev 256MiB,serial=7", .usage,
      "the same serial number"),
    Case("sim create MACHINE-2 --cxl-window 1GiB", .usage, "there is no CXL device that could use it"),
    Case(
      "sim create MACHINE-2 --cxl-memdev 256MiB --cxl-window 1GiB,bridges=0+0", .usage,
      "host bridges, each once"),
    Case(
      "sim create MACHINE-2 --cxl-memdev 256MiB --cxl-window 100MiB", .usage,
      "the size of a window is a multiple of 256 MiB"),
    Case(
      "sim create MACHINE-2 --cxl-memdev 256MiB --kernel 5.18", .usage, "kernel 5.18 has no CXL regions"),
    Case("region create mem0", .notSupported, "this machine has no CXL memory"),
    Case("sim create MACHINE-2 --dimm 0", .usage, "a DIMM of 0 bytes is not possible"),
    Case("sim create MACHINE-2 --dimm 1GiB,colour=red", .usage, "\"colour=red\" is not known"),
    Case("sim create MACHINE-2 --dimm 1GiB,node=-1", .usage, "is not a NUMA node"),
    Case("sim create MACHINE-2 --dimm 1GiB,label-version=3", .usage, "label version \"3\" is not known"),
    Case(
      "sim create MACHINE-2 --dimm 1GiB,set=a --dimm 2GiB,set=a", .usage,
      "the DIMMs of interleave set \"a\" differ"),
    Case("sim create MACHINE-2 --dimm 1GiB --align 3MiB", .usage, "cannot have an alignment of 3 MiB"),
    Case("sim create MACHINE-2 --dimm 1GiB --kernel 2.6", .usage, "there is no profile \"2.6\""),
    Case("sim create MACHINE --dimm 1GiB", .failed, "it is not empty"),
    Case("sim show /nonexistent/machine", .notFound, "is not a simulated machine"),
    Case("sim destroy /tmp", .notFound, "is not a simulated machine"),
    Case(
      "status --sim /nonexistent/machine", .notFound,
      "try: pmemctl sim create /nonexistent/machine --dimm 2GiB"),
  ]

  private func machine() throws -> CommandHarness {
    let harness = try CommandHarness.standard()
    for line in [
      "namespace create --region region0 --mode raw --size 512MiB",
      "namespace create --region region0 --mode raw --size 256MiB --name twin",
      "namespace create --region region0 --mode raw --size 64MiB --name twin --uuid 11111111-2222-4333-8444-555555555555",
      "namespace create --region region0 --mode raw --size 512MiB", "namespace destroy --force namespace0.1",
      "namespace create --region region1 --mode raw --size 64MiB --name twin",
    ] {
      let answer = harness.run(line)
      #expect(answer.status == .done, "\(line): \(answer.err)")
    }
    return harness
  }

  @Test(arguments: cases) func isToldAndChangesNothing(input: Case) throws {
    let harness = try machine()
    let before = harness.run("status --json --idle").out
    let words = input.line.replacingOccurrences(of: "MACHINE", with: harness.machine).split(separator: " ")
    let answer = harness.run(words.map(String.init))
    #expect(answer.status == input.status, "\(answer.err)")
    #expect(answer.err.contains(input.says), "it says: \(answer.err)")
    #expect(answer.err.hasPrefix("pmemctl: ") && answer.out == "")
    #expect(harness.run("status --json --idle").out == before)
    #expect(!FileManager.default.fileExists(atPath: harness.machine + "-2"))
  }

  @Test(arguments: ["namespace create --region region0", "namespace create"]) func aDisabledRegionIsNamed(
    line: String
  ) throws {
    let harness = try CommandHarness.standard()
    harness.run("region disable region0 region1")
    let answer = harness.run(line)
    #expect(answer.status == .failed)
    #expect(answer.err.contains("on region0: it is disabled"))
    #expect(answer.err.contains("try: pmemctl region enable region0"))
  }

  @Test func aMachineWithoutLabelsLeftSaysWhichDimm() throws {
    let harness = try CommandHarness()
    harness.run(["sim", "create", harness.machine, "--dimm", "1GiB,labels=1KiB"])
    #expect(harness.run("namespace create --mode raw --size 16MiB").status == .done)
    let answer = harness.run("namespace create --mode raw --size 16MiB")
    #expect(answer.status == .failed)
    #expect(answer.err.contains("no label is free on nmem0"))
  }

  @Test func everyStatusIsInTheTable() {
    #expect(Status.allCases.map(\.rawValue) == [0, 1, 2, 3, 4, 5, 6, 130, 64, 65])
  }
}
