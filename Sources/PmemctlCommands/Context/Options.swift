import ArgumentParser
import PmemDevice

/// Which machine.
struct MachineOptions: ParsableArguments {
  @Option(
    name: .long, help: ArgumentHelp("Work on the simulated machine in this directory.", valueName: "dir"),
    completion: .directory)
  var sim: String?

  @Flag(name: .shortAndLong, help: "Print debug messages of the libraries.")
  var verbose = false

  /// The directory that a command line names with `--sim`, before or without parsing it; nil if it names none.
  static func machine(namedIn arguments: [String]) -> String? {
    let options = arguments.prefix { $0 != "--" }
    if let index = options.lastIndex(of: "--sim"), index + 1 < options.endIndex { return options[index + 1] }
    return options.last { $0.hasPrefix("--sim=") }.map { String($0.dropFirst("--sim=".count)) }
  }

  /// Those of a command line that is being typed.
  static func typed(_ words: [String]) -> MachineOptions {
    var options = MachineOptions()
    options.sim = machine(namedIn: words)
    return options
  }
}

/// How to answer.
struct OutputOptions: ParsableArguments {
  @Flag(name: .long, help: "Print JSON.")
  var json = false
}

/// The options of changing verbs.
struct ChangeOptions: ParsableArguments {
  @Flag(name: [.customShort("n"), .long], help: "Show the plan and change nothing.")
  var dryRun = false

  @Flag(name: .shortAndLong, help: "Do not ask for confirmation.")
  var yes = false

  @OptionGroup var progress: ProgressOptions

  @Flag(name: .customLong("no-undo"), help: "Do not write an undo record.")
  var noUndo = false
}

/// Whether operations that take long report progress.
struct ProgressOptions: ParsableArguments {
  @Flag(name: .customLong("no-progress"), help: "Do not report progress on standard error.")
  var noProgress = false

  var isShown: Bool { !noProgress }

  /// As a command line has them, for what is made before its verb is known.
  static func asked(in arguments: [String]) -> ProgressOptions {
    var options = ProgressOptions()
    options.noProgress = arguments.prefix { $0 != "--" }.contains("--no-progress")
    return options
  }
}

/// Harm to others that is done only when it is named.
struct DangerOptions: ParsableArguments {
  @Flag(
    name: .customLong("discard-content"),
    help: "Proceed even if a filesystem, a volume or a partition table would be lost.")
  var discardContent = false

  @Flag(
    name: .customLong("break-mappings"),
    help: "Proceed even if processes have it mapped or open: they get SIGBUS or I/O errors.")
  var breakMappings = false

  @Flag(
    name: .customLong("discard-orphan-pins"),
    help: "Proceed even if it is pinned and no process is left to release the pins.")
  var discardOrphanPins = false

  @Flag(
    name: .customLong("assume-unused"),
    help: "Proceed even if it could not be determined whether it is in use.")
  var assumeUnused = false

  var accepted: AcceptedDangers {
    var accepted: AcceptedDangers = []
    if discardContent { accepted.insert(.discardContent) }
    if breakMappings { accepted.insert(.breakMappings) }
    if discardOrphanPins { accepted.insert(.discardOrphanPins) }
    if assumeUnused { accepted.insert(.assumeUnused) }
    return accepted
  }
}

/// Parses a size option, naming the option if its text is invalid.
func parseAmount(_ text: String, option: String) throws(DeviceError) -> Amount {
  do { return try Amount(parsing: text) } catch {
    throw DeviceError(.usage, "\(option): \"\(text)\" \(error)")
  }
}

func parseBytes(_ text: String, option: String) throws(DeviceError) -> ByteCount {
  do { return try ByteCount(parsing: text) } catch {
    throw DeviceError(.usage, "\(option): \"\(text)\" \(error)")
  }
}

/// Reads `--length`.
func parseLength(_ text: String?) throws(DeviceError) -> UInt64? {
  guard let text else { return nil }
  return try parseBytes(text, option: "--length").rawValue
}

/// Reads an address: hexadecimal, with or without 0x.
func parseAddress(_ text: String) throws(DeviceError) -> UInt64 {
  let digits = text.hasPrefix("0x") ? String(text.dropFirst(2)) : text
  guard let address = UInt64(digits, radix: 16) else {
    throw DeviceError(.usage, "\"\(text)\" is not an address, such as 0x7f0000200000")
  }
  return address
}

/// Reads a value of an option that has few, naming the option and them.
func parseChoice<Value: RawRepresentable & CaseIterable>(
  _ text: String, option: String
) throws(DeviceError) -> Value where Value.RawValue == String {
  guard let value = Value(rawValue: text.lowercased()) else {
    throw DeviceError(
      .usage, "\(option): \"\(text)\" is not known\(didYouMean(text, Value.allCases.map(\.rawValue)))",
      details: ["valid values: \(Value.allCases.map(\.rawValue).joined(separator: ", "))"])
  }
  return value
}

/// `; did you mean "fsdax"?`, or nothing if no known word is near.
func didYouMean(_ word: String, _ known: [String]) -> String {
  (WordMeaning.value(word, among: known) ?? NearestWord.of(word, among: known)).map {
    "; did you mean \"\($0)\"?"
  } ?? ""
}
