import ArgumentParser
import PmemDevice
import PmemOutput

struct NamespaceRename: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "rename", abstract: "Rename a namespace, which is disabled meanwhile; its content stays.",
    aliases: ["mv"])

  @Argument(
    help: ArgumentHelp("Kernel name, device, own name or UUID.", valueName: "namespace"),
    completion: .names(.namespaces))
  var namespace: String

  @Argument(help: ArgumentHelp("New name, up to 63 bytes.", valueName: "name"))
  var name: String

  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try NamespaceCreateRequest.validate(name: name)
    let frame = Change(context, change, output, machine, accepting: dangers.accepted)
    try frame.run { backend, inventory in
      let old = try NameResolver(inventory).namespace(namespace, for: "rename")
      let plan = try frame.namespacePlanner(inventory, backend, contents: nil).rename(old, to: name)
      return Change.Planned(plan: plan, subject: old) {
        Change.differences(old.isEnabled ? [old] : [], on: backend)
      }
    } report: { planned, backend in
      let old = planned.subject
      guard let now = try backend.inventory(.listing).namespaces.first(where: { $0.dev == old.dev }) else {
        throw DeviceError(.failed, "\(old.dev) was renamed, but no longer exists")
      }
      guard !output.json else { return try context.out.write(JSON.object(now.json).text) }
      guard !planned.plan.entries.isEmpty else { return }
      try context.out.write("renamed \(old.title.sanitized) to \"\(name.sanitized)\"\n")
    }
  }
}
