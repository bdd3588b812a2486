import ArgumentParser
import PmemDevice
import PmemOutput
import PmemModel
import PmemSim

struct SimPin: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "pin", abstract: "Have a process of a simulated machine take references to its memory.")

  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "An address in a mapping (0x...), or a device or file that it has mapped exactly once.")
  var target: String

  @Option(name: .long, help: ArgumentHelp("Offset in the mapping.", valueName: "size"))
  var offset = "0"

  @Option(name: .long, help: ArgumentHelp("Length; by default to the end of the mapping.", valueName: "size"))
  var length: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "By what: \(PinKind.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "kind"))
  var kind = PinKind.ioUring.rawValue

  @Option(
    name: .long, help: ArgumentHelp("Number to release it by; by default the next free one.", valueName: "n"))
  var number: Int?

  @Flag(name: .long, help: "The holder only reads the pages.")
  var readOnly = false

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  private var pinKind: PinKind {
    get throws(DeviceError) {
      guard let found = PinKind(rawValue: kind) else {
        throw DeviceError(
          .usage, "--kind: \"\(kind)\" is not known",
          details: ["valid values: \(PinKind.allCases.map(\.rawValue).joined(separator: ", "))"])
      }
      return found
    }
  }

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .pin(
      ProcessID(pid),
      try workload.addressName(target, offset: try parseBytes(offset, option: "--offset").rawValue),
      length: try parseLength(length), try pinKind, isWrite: readOnly ? false : nil,
      number: number.map { PinID($0) })
  }

  func run(in context: CommandContext) throws {
    let kind = try pinKind
    let offset = try parseBytes(offset, option: "--offset").rawValue
    let length = try parseLength(length)
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    let address = try workload.address(target, in: pid, offset: offset)
    let isWrite = readOnly ? false : nil
    guard
      let pinned = try workload.pin(
        pid, at: address, length: length, kind: kind, isWrite: isWrite, number: number)
    else { return try workload.report(.waits, of: pid, output, in: context) }
    var object = JSONObject()
    object.add("pin", pinned.id)
    object.add("pid", pid)
    object.add("kind", kind.rawValue)
    object.add("start", address)
    object.add("pages", pinned.pages)
    object.add("undone", pinned.undone)
    object.add("page_operations", pinned.pageOperations)
    object.add("device_operations", pinned.deviceOperations)
    object.add("copied", pinned.copied)
    try context.out.write(output.json ? JSON.object(object).text : "\(pinned.id)\n")
  }
}
