import ArgumentParser
import PmemDevice
import PmemInspect
import PmemLayout
import PmemOutput

struct LayoutPlanCommand: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show what a layout would change; exit with 2 if there is anything to change.",
    discussion: """
      Nothing is changed. With --inventory the machine is described by the status --json of another host, so that a \
      change can be planned anywhere.
      """)

  @Argument(help: ArgumentHelp("The layout, YAML or JSON; - is standard input.", valueName: "file"))
  var file: String

  @Option(
    name: .long, help: ArgumentHelp("The output of pmemctl status --json on a host.", valueName: "file"))
  var inventory: String?

  @Option(name: .long, help: ArgumentHelp("Save the plan, for layout apply --plan.", valueName: "file"))
  var out: String?

  @OptionGroup var options: LayoutOptions
  @OptionGroup var dangers: DangerOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let source = try InputFile.read(file)
    let layout = try Layout(parsing: source, file: file)
    let (planned, fingerprint) = try plan(layout, in: context)
    if let out {
      let saved = try SavedLayoutPlan(source, file: file, options, fingerprint: fingerprint)
      try OutputFile.write(Array(saved.json.text.utf8), to: out, in: context)
    }
    let rendering = LayoutRendering(planned)
    try context.out.write(output.json ? JSON.object(rendering.json).text : rendering.text)
    guard planned.isEmpty else { throw ChangesPending() }
  }

  private func plan(_ layout: Layout, in context: CommandContext) throws -> (LayoutPlan, UInt64) {
    guard let inventory else {
      let backend = try context.open(machine, forWriting: false)
      let run = try LayoutRun(
        layout, options, accepting: dangers.accepted, on: backend,
        pending: LayoutPending(context.journal(machine)))
      return (run.planned, run.inventory.fingerprint)
    }
    let snapshot = try Inventory(
      parsing: InputFile.read(inventory, limit: InputFile.descriptionLimit), file: inventory)
    let planned = try LayoutPlanner(
      snapshot,
      inspector: NullUsageInspector(missing: [
        Unseen(.processes, "users are unknown from a snapshot")
      ]),
      contents: nil,
      replacing: AllowedNames(options.replace),
      destroying: AllowedNames(options.destroy), truth: { $0 }
    ).plan(layout)
    return (planned, snapshot.fingerprint)
  }
}
