import ArgumentParser
import PmemDevice
import PmemInspect
import PmemOutput

struct DaxDisable: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "disable",
    abstract: "Return a namespace to raw mode, unless it is in use.")

  @Argument(
    help: ArgumentHelp("A namespace or its device.", valueName: "namespace"), completion: .names(.namespaces))
  var name: String

  @Flag(name: .shortAndLong, help: "Also if it is enabled, unless it is in use.")
  var force = false

  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try Change(context, change, output, machine).run { backend, inventory in
      let outcome = try DaxEnablePlanner(
        inventory, inspector: backend, contents: ContentProbe(backend), accepting: dangers.accepted,
        truth: { ProbedNamespace($0, on: backend).namespace }
      ).disable(name, force: force)
      return Change.Planned(plan: outcome.plan, subject: outcome.namespace)
    } report: { planned, backend in
      let dev = planned.subject
      guard let now = try backend.inventory(.listing).namespaces.first(where: { $0.dev == dev })
      else { throw DeviceError(.failed, "\(dev) no longer exists") }
      guard !output.json else { return try context.out.write(JSON.object(now.json).text) }
      guard !planned.plan.entries.isEmpty else { return }
      try context.out.write("\(now.title.sanitized) is \(now.mode): it cannot be mapped\n")
    }
  }
}
