import ArgumentParser
import PmemDevice

struct NamespaceClearErrors: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "clear-errors", abstract: "Clear the bad blocks of namespaces, unless they are in use.",
    discussion: """
      The content of a bad block is lost already; it reads as zeros afterwards. Enabled namespaces are disabled \
      meanwhile, and enabled again.
      """)

  @OptionGroup var which: NamespaceSelection
  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try Change(context, change, output, machine, accepting: dangers.accepted).namespaces(
      which, verb: "cleared"
    ) { planner, namespaces throws(DeviceError) in
      try planner.clearErrors(namespaces.filter { !$0.isSeed })
    }
  }
}
