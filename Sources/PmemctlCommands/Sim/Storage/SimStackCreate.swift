import ArgumentParser
import PmemDevice
import PmemOutput
import PmemSim

struct SimStackCreate: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Join block devices of a simulated machine by device mapper.")

  @Argument(help: "Name of the new device.")
  var name: String

  @Argument(help: "Block devices, in order.")
  var devices: [String]

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let made = try SimWorkload(which.open(in: context, forWriting: true)).stack(name, devices)
    var object = JSONObject()
    object.add("device", made)
    object.add("name", name)
    try context.out.write(output.json ? JSON.object(object).text : made + "\n")
  }
}
