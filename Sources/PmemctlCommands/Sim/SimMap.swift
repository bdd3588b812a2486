import ArgumentParser
import PmemDevice
import PmemOutput
import PmemSim

struct SimMap: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "map", abstract: "Map a device into a process of a simulated machine.")

  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "A namespace's device, such as dax0.0, or its name.")
  var device: String

  @Option(name: .long, help: ArgumentHelp("Where in the device to begin.", valueName: "size"))
  var offset = "0"

  @Option(name: .long, help: ArgumentHelp("How much; by default all behind the offset.", valueName: "size"))
  var length: String?

  @Flag(name: .long, help: "Without the right to store.")
  var readOnly = false

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let offset = try parseBytes(offset, option: "--offset").rawValue
    let length = try length.map { text throws(DeviceError) in
      try parseBytes(text, option: "--length").rawValue
    }
    let machine = try which.open(in: context, forWriting: true)
    let inventory = try SimBackend(machine).inventory(.listing)
    guard let namespace = try NameResolver(inventory).namespaces([device]).first else { return }
    let address = try SimWorkload(machine).map(
      namespace, into: pid, offset: offset, length: length, isWritable: !readOnly)
    var object = JSONObject()
    object.add("pid", pid)
    object.add("start", address)
    try context.out.write(output.json ? JSON.object(object).text : "0x\(String(address, radix: 16))\n")
  }
}
