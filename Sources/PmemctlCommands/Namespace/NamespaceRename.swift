import ArgumentParser
import PmemDevice
import PmemOutput

struct NamespaceRename: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "rename", abstract: "Give a namespace another name, without touching what is on it.",
    aliases: ["mv"])

  @Argument(help: ArgumentHelp("Kernel name, device, own name or UUID.", valueName: "namespace"))
  var namespace: String

  @Argument(help: ArgumentHelp("Its new name, up to 63 bytes.", valueName: "name"))
  var name: String

  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try NamespaceCreateRequest.validate(name: name)
    let backend = try context.open(machine, forWriting: !change.dryRun)
    let inventory = try backend.inventory(.planning)
    let old = try NameResolver(inventory).namespace(namespace, for: "rename")
    let plan = try NamespaceStatePlanner(
      inventory, inspector: backend, contents: nil, accepting: dangers.accepted
    ).rename(old, to: name)
    let runner = ChangeRunner(
      context: context, backend: backend, options: change, machine: machine, isJSON: output.json)
    guard try runner.run(plan, from: inventory) else { return }
    guard let now = try backend.inventory(.listing).namespaces.first(where: { $0.dev == old.dev }) else {
      throw DeviceError(.failed, "\(old.dev) was renamed, but is not there any more")
    }
    guard !output.json else { return try context.out.write(JSON.object(now.json).text) }
    guard !plan.entries.isEmpty else { return }
    try context.out.write("renamed \(old.title.sanitized) to \"\(name.sanitized)\"\n")
  }
}
