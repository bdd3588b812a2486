import ArgumentParser
import PmemDevice
import PmemLayout
import PmemOutput

struct LayoutApply: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "Make the machine match a layout; a second run changes nothing.",
    discussion: """
      All of it is one plan, checked against users, pins and content first, and rolled back as far as possible if a \
      step fails. Destructive changes must be allowed by namespace name: --replace, --destroy. --check changes \
      nothing, and exits with 2 if there is anything to change.
      """)

  @Argument(help: ArgumentHelp("The layout, YAML or JSON; - is standard input.", valueName: "file"))
  var file: String?

  @Option(
    name: .customLong("plan"),
    help: ArgumentHelp(
      "A plan saved by layout plan --out, applied only if the machine has not changed since.",
      valueName: "file"))
  var saved: String?

  @Flag(name: .long, help: "Change nothing; exit with 2 if there is anything to change.")
  var check = false

  @OptionGroup var options: LayoutOptions
  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let (layout, allowed, fingerprint) = try input()
    let isReading = check || change.dryRun
    let journal = context.journal(machine)
    let backend = try context.open(machine, forWriting: !isReading)
    guard !isReading else { return try show(layout, allowed, backend, journal, context) }
    let pending = LayoutPending(journal)
    func plan() throws(DeviceError) -> LayoutRun {
      try LayoutRun(layout, allowed, accepting: dangers.accepted, on: backend, pending: pending)
    }
    var run = try plan()
    if let fingerprint, fingerprint != run.inventory.fingerprint {
      throw DeviceError(
        .failed, "the machine is no longer in the state of the plan", details: ["nothing was changed"],
        try: ["pmemctl layout plan FILE --out PLAN"])
    }
    try refuseConflicts(run.planned, "nothing was changed")
    let frame = Change(context, change, output, machine)
    let cxl = run.cxl
    if !cxl.entries.isEmpty {
      guard try frame.carryOut(cxl, from: run.inventory, on: backend) else { return }
      let created = "created: " + cxl.entries.map(\.step.target).joined(separator: ", ")
      do throws(DeviceError) { run = try plan() } catch { throw error.adding(details: [created]) }
      try refuseConflicts(run.planned, created)
    }
    try pending.begin(run.planned.uuids)
    let rendering = LayoutRendering(run.planned, cxl: cxl)
    guard try frame.carryOut(run.planned.plan, from: run.inventory, on: backend, json: rendering.json)
    else { return }
    pending.end()
    do { try report(run.planned, cxl, rendering, context) } catch {
      throw run.planned.plan.entries.isEmpty ? error : AfterChange(error)
    }
  }

  private func report(
    _ planned: LayoutPlan, _ cxl: Plan, _ rendering: LayoutRendering, _ context: CommandContext
  ) throws {
    guard !output.json else { return try context.out.write(JSON.object(rendering.json).text) }
    guard !planned.isEmpty || !cxl.entries.isEmpty else { return try context.out.write(rendering.text) }
    let created = cxl.entries.map { "\($0.step.target): \($0.text.sanitized)\n" }.joined()
    try context.out.write(created + planned.changes.map { "\($0.region): \($0.text.sanitized)\n" }.joined())
  }

  private func input() throws -> (Layout, LayoutOptions, UInt64?) {
    guard let saved else {
      guard let file else { throw DeviceError(.usage, "which layout? Name a file, or --plan") }
      return (try Layout(parsing: InputFile.read(file), file: file), options, nil)
    }
    guard file == nil, options.replace.isEmpty, options.destroy.isEmpty else {
      throw DeviceError(.usage, "a saved plan has its layout and its --replace and --destroy in it")
    }
    let plan = try SavedLayoutPlan(parsing: InputFile.read(saved), file: saved)
    var allowed = options
    allowed.replace = plan.replace
    allowed.destroy = plan.destroy
    return (plan.layout, allowed, plan.fingerprint)
  }

  private func show(
    _ layout: Layout, _ allowed: LayoutOptions, _ backend: any CommandContext.Backend, _ journal: UndoJournal,
    _ context: CommandContext
  ) throws {
    let run = try LayoutRun(
      layout, allowed, accepting: dangers.accepted, on: backend, pending: LayoutPending(journal))
    let rendering = LayoutRendering(run)
    try context.out.write(output.json ? JSON.object(rendering.json).text : rendering.text)
    guard run.isEmpty || !check else { throw ChangesPending() }
  }

  private func refuseConflicts(_ planned: LayoutPlan, _ done: String) throws(DeviceError) {
    guard let first = planned.conflicts.first else { return }
    throw DeviceError(
      .refused, "refused to apply the layout: \(first.text)",
      details: planned.conflicts.dropFirst().map(\.text)
        + planned.conflicts.map { "\($0.option) allows it" } + [done])
  }
}
