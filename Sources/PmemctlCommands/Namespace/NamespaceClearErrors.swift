import ArgumentParser
import PmemDevice

struct NamespaceClearErrors: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "clear-errors", abstract: "Have the platform make bad blocks good, unless they are in use.",
    discussion: """
      What was in a bad block is lost already; it reads as zeros afterwards. Namespaces that are enabled are disabled \
      for the time, and enabled again.
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
      try planner.clearErrors(namespaces.filter { !$0.isIdle })
    }
  }
}
