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
    let (rendering, isEmpty, fingerprint) = try plan(layout, in: context)
    if let out {
      let saved = try SavedLayoutPlan(source, file: file, options, fingerprint: fingerprint)
      try OutputFile.write(Array(saved.json.text.utf8), to: out, in: context)
    }
    try context.out.write(output.json ? JSON.object(rendering.json).text : rendering.text)
    guard isEmpty else { throw ChangesPending() }
  }

  private func plan(
    _ layout: Layout, in context: CommandContext
  ) throws -> (LayoutRendering, isEmpty: Bool, fingerprint: UInt64) {
    guard let inventory else {
      let backend = try context.open(machine, forWriting: false)
      let run = try LayoutRun(
        layout, options, accepting: dangers.accepted, on: backend,
        pending: LayoutPending(context.journal(machine)))
      return (LayoutRendering(run), run.isEmpty, run.inventory.fingerprint)
    }
    let snapshot = try Inventory(
      parsing: InputFile.read(inventory, limit: InputFile.descriptionLimit), file: inventory)
    let inspector = NullUsageInspector(missing: [
      Unseen(.processes, "users are unknown from a snapshot")
    ])
    let cxl = try CxlLayoutPlanner(snapshot, inspector: inspector).plan(layout)
    let (present, awaited) = cxl.entries.isEmpty ? (layout, 0) : layout.present(in: snapshot)
    let planned = try LayoutPlanner(
      snapshot, inspector: inspector, contents: nil, replacing: AllowedNames(options.replace),
      destroying: AllowedNames(options.destroy), truth: { $0 }
    ).plan(present)
    return (
      LayoutRendering(planned, cxl: cxl, awaited: awaited), planned.isEmpty && cxl.entries.isEmpty,
      snapshot.fingerprint
    )
  }
}
