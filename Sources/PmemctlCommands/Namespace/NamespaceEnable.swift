import ArgumentParser
import PmemDevice

struct NamespaceEnable: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "enable", abstract: "Enable namespaces.")

  @OptionGroup var which: NamespaceSelection
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try Change(context, change, output, machine).namespaces(which, verb: "enabled") {
      planner, namespaces throws(DeviceError) in try planner.enable(namespaces)
    }
  }
}
