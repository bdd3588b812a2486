import ArgumentParser
import PmemDevice

struct NamespaceDestroy: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "destroy", abstract: "Destroy namespaces and their content, unless they are in use.")

  @OptionGroup var which: NamespaceSelection

  @Flag(name: .shortAndLong, help: "Also destroy namespaces that are enabled.")
  var force = false

  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let force = force
    try Change(context, change, output, machine, accepting: dangers.accepted).namespaces(
      which, verb: "destroyed"
    ) { planner, namespaces throws(DeviceError) in
      try planner.destroy(namespaces, force: force)
    }
  }
}
