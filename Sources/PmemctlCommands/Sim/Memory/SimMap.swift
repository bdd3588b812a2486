import ArgumentParser
import PmemDevice
import PmemOutput
import PmemModel
import PmemSim

struct SimMap: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "map", abstract: "Map a device or a file into a process of a simulated machine.")

  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "A device, such as dax0.0 or pmem0, a namespace, or a file's absolute path.")
  var name: String

  @Option(name: .long, help: ArgumentHelp("Offset.", valueName: "size"))
  var offset = "0"

  @Option(name: .long, help: ArgumentHelp("Length; by default all after the offset.", valueName: "size"))
  var length: String?

  @Flag(name: .long, help: "Without PROT_WRITE.")
  var readOnly = false

  @Flag(name: .long, help: "With MAP_SYNC.")
  var sync = false

  @Flag(name: .long, help: "With MAP_PRIVATE: stores are private to the process.")
  var `private` = false

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .map(
      ProcessID(pid), try workload.objectName(name),
      offset: try parseBytes(offset, option: "--offset").rawValue,
      length: try parseLength(length), isWritable: !readOnly, isSync: sync, isPrivate: self.private)
  }

  func run(in context: CommandContext) throws {
    let offset = try parseBytes(offset, option: "--offset").rawValue
    let length = try parseLength(length)
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    let address = try workload.map(
      name, into: pid, offset: offset, length: length, isWritable: !readOnly, isSync: sync,
      isPrivate: self.private)
    var object = JSONObject()
    object.add("pid", pid)
    object.add("start", address)
    try context.out.write(output.json ? JSON.object(object).text : "0x\(String(address, radix: 16))\n")
  }
}
