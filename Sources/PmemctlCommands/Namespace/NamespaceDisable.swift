import ArgumentParser
import PmemDevice

struct NamespaceDisable: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "disable", abstract: "Disable namespaces, if nobody uses them.")

  @OptionGroup var which: NamespaceSelection
  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try NamespaceChange(
      context: context, which: which, change: change, output: output, machine: machine,
      accepted: dangers.accepted
    ).run(verb: "disabled") { planner, namespaces throws(DeviceError) in try planner.disable(namespaces) }
  }
}
