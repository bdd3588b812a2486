import PmemDevice
import PmemNdctl
import PmemOutput

/// Carries an undo out, and notes in the journal what became of the change.
struct UndoRunner {
  let runner: ChangeRunner
  let journal: UndoJournal

  /// - Parameters:
  ///   - undo: The undo.
  ///   - record: Of the change.
  ///   - inventory: That the plan was made from.
  /// - Returns: Whether it was done; false for a dry run.
  /// - Throws: The error that stopped it.
  func run(_ undo: UndoPlanner.Undo, of record: UndoRecord, from inventory: Inventory) throws -> Bool {
    record.state == .begun
      ? try revert(undo, of: record, from: inventory) : try undoDone(undo, of: record, from: inventory)
  }

  /// A change that was completed: its undo is a change like any other, with a record of its own.
  private func undoDone(
    _ undo: UndoPlanner.Undo, of record: UndoRecord, from inventory: Inventory
  ) throws -> Bool {
    var runner = runner
    runner.undoes = record
    runner.verify = undo.restorer.restore
    guard try runner.run(undo.plan, from: inventory) else { return false }
    try note(record)
    return true
  }

  /// A change that was cut short: it is reverted from its own record, as often as it takes. There is no state in between
  /// worth coming back to, so this makes no record, and can be run again.
  private func revert(
    _ undo: UndoPlanner.Undo, of record: UndoRecord, from inventory: Inventory
  ) throws -> Bool {
    guard try runner.prepare(undo.plan, from: inventory) else { return false }
    runner.context.signals.hold()
    let saved = runner.backend.isSimulated ? nil : record.nodes
    let nodes =
      saved.flatMap { $0.isOfThisBoot ? DeviceNodes($0.nodes) : nil }
      ?? runner.nodes(recreatedBy: undo.plan, inventory)
    let remains = runner.keeping(nodes) { undo.restorer.restore() }
    guard remains.isEmpty else {
      throw DeviceError(
        .failed, "cannot \(undo.plan.title)", details: ["not rolled back:"] + remains.map { "  \($0)" },
        try: [undo.restorer.suggestion(record.id)])
    }
    try note(record)
    return true
  }

  private func note(_ record: UndoRecord) throws {
    do throws(DeviceError) {
      var record = record
      record.state = .undone
      try journal.update(record)
      // The undo of an undo makes the first change undoable again.
      guard let first = record.undoes, var original = try? journal.record(first), original.state == .undone
      else { return }
      original.state = .done
      try journal.update(original)
    } catch {
      throw AfterChange(error)
    }
  }
}
