import ArgumentParser
import PmemDevice

struct NamespaceDisable: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "disable", abstract: "Disable namespaces, unless they are in use.")

  @OptionGroup var which: NamespaceSelection
  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try Change(context, change, output, machine, accepting: dangers.accepted).namespaces(
      which, verb: "disabled"
    ) { planner, namespaces throws(DeviceError) in try planner.disable(namespaces) }
  }
}
