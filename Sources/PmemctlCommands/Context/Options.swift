import ArgumentParser
import PmemDevice

/// Which machine.
struct MachineOptions: ParsableArguments {
  @Option(
    name: .long, help: ArgumentHelp("Work on the simulated machine in this directory.", valueName: "dir"),
    completion: .directory)
  var sim: String?

  @Flag(name: .shortAndLong, help: "Show what the libraries say.")
  var verbose = false
}

/// How to answer.
struct OutputOptions: ParsableArguments {
  @Flag(name: .long, help: "Answer in JSON.")
  var json = false
}

/// How to change things.
struct ChangeOptions: ParsableArguments {
  @Flag(name: [.customShort("n"), .long], help: "Show the plan and change nothing.")
  var dryRun = false

  @Flag(name: .shortAndLong, help: "Do not ask before a destructive plan.")
  var yes = false

  @Flag(name: .customLong("no-progress"), help: "Do not report progress on standard error.")
  var noProgress = false

  @Flag(name: .customLong("no-undo"), help: "Do not write an undo record.")
  var noUndo = false
}

/// Harm to others that is done only when it is named.
struct DangerOptions: ParsableArguments {
  @Flag(
    name: .customLong("discard-content"),
    help: "Also where a filesystem, a volume or a partition table is on it: it is lost.")
  var discardContent = false

  @Flag(
    name: .customLong("break-mappings"),
    help: "Also where processes have it mapped or open: they get SIGBUS, or errors.")
  var breakMappings = false

  @Flag(
    name: .customLong("discard-orphan-pins"),
    help: "Also where it is pinned and nobody is left to release it.")
  var discardOrphanPins = false

  var accepted: AcceptedDangers {
    var accepted: AcceptedDangers = []
    if discardContent { accepted.insert(.discardContent) }
    if breakMappings { accepted.insert(.breakMappings) }
    if discardOrphanPins { accepted.insert(.discardOrphanPins) }
    return accepted
  }
}

/// Reads a size option, naming the option where its text has no meaning.
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
