import PmemDevice
import PmemOutput

/// What every changing verb does with its plan: show it, ask, keep what it overwrites, run it.
struct ChangeRunner {
  let context: CommandContext
  let backend: any CommandContext.Backend
  let options: ChangeOptions
  let machine: MachineOptions
  let isJSON: Bool

  /// - Parameters:
  ///   - plan: What to do.
  ///   - inventory: That it was made from; privileges and names are taken from it.
  ///   - json: The plan for machines; nil for the plain form.
  /// - Throws: What stopped it; nothing remains changed then, or the error says what.
  /// - Returns: Whether it was done; false for a dry run and for a "no".
  func run(_ plan: Plan, from inventory: Inventory, json: JSONObject? = nil) throws -> Bool {
    guard !options.dryRun else {
      let rendering = PlanRendering(plan)
      try context.out.write(
        isJSON ? JSON.object(json ?? rendering.json).text : rendering.text(isDryRun: true))
      return false
    }
    for warning in plan.warnings { context.note(warning) }
    guard !plan.entries.isEmpty else { return true }
    guard inventory.host.isPrivileged else {
      throw DeviceError(
        .permission, "cannot \(plan.title): only root may change persistent memory",
        details: ["--dry-run shows what would be done"], try: ["sudo pmemctl ..."])
    }
    guard try isConfirmed(plan) else {
      context.note("nothing was changed")
      return false
    }
    try perform(plan, inventory)
    return true
  }

  private func perform(_ plan: Plan, _ inventory: Inventory) throws {
    let isTold = context.terminal.isInteractive && !options.noProgress
    var record: UndoRecord?
    let journal = context.journal(machine)
    let signals = SignalHold()
    defer { signals.end() }
    do throws(DeviceError) {
      try PlanRunner(on: backend).run(
        plan,
        save: { saved throws(DeviceError) in
          guard !options.noUndo else { return }
          record = try keep(saved, of: plan, inventory, journal)
        },
        mayGoOn: { !signals.isInterrupted },
        willPerform: { entry in if isTold || isLong(entry, plan, inventory) { context.note(entry.text) } })
    } catch {
      throw tidy(record, after: error, journal)
    }
    guard var record else { return }
    record.state = .done
    try journal.update(record)
    context.note("to take it back: \(context.suggestion("pmemctl undo run \(record.id)"))")
  }

  /// Whether a step takes so long that it is told without a terminal too: the kernel initializes the memory map of what
  /// it enables, some seconds for each 100 GiB.
  private func isLong(_ entry: Plan.Entry, _ plan: Plan, _ inventory: Inventory) -> Bool {
    guard !options.noProgress, case .enable(let name) = entry.step else { return false }
    let existing = inventory.namespaces.first { $0.dev == name }?.rawSize ?? .zero
    let allocated = plan.entries.compactMap { entry -> ByteCount? in
      guard case .allocate(let allocation) = entry.step, allocation.namespace == name else { return nil }
      return allocation.size
    }
    return max(existing, allocated.max() ?? .zero) >= .gibibytes(64)
  }

  private func keep(
    _ saved: SavedMedia, of plan: Plan, _ inventory: Inventory, _ journal: UndoJournal
  ) throws(DeviceError) -> UndoRecord {
    do throws(DeviceError) {
      return try journal.keep(UndoRecord(of: plan, saved: saved, from: inventory, time: context.now()))
    } catch {
      var error = error
      error.details.append("what it takes to undo a change is kept before the change; --no-undo goes without")
      throw error
    }
  }

  /// A plan that was taken back needs no record; one that was not can be undone with it.
  private func tidy(_ record: UndoRecord?, after error: DeviceError, _ journal: UndoJournal) -> DeviceError {
    guard let record else { return error }
    guard !PlanRunner.leftNothingChanged(error) else {
      journal.forget(record)
      return error
    }
    var error = error
    error.suggestions.append("pmemctl undo run \(record.id)")
    return error
  }

  private func isConfirmed(_ plan: Plan) throws -> Bool {
    guard plan.isDestructive, !options.yes else { return true }
    guard context.terminal.isInteractive else {
      guard plan.hurts else { return true }
      throw DeviceError(
        .refused, "refused to \(plan.title): it hurts others or loses something, and there is nobody to ask",
        details: plan.warnings + ["--yes does it without asking; nothing was changed"])
    }
    try context.err.write(PlanRendering(plan).text(isDryRun: false) + "Go on? [y/N] ")
    let answer = context.readAnswer()?.lowercased() ?? ""
    return answer == "y" || answer == "yes"
  }
}
