import PmemDevice
import PmemNdctl

/// Keeps a change's undo record while its plan runs, and brings the old state back from it if a step fails.
final class ChangeRecovery: PlanRecovery {
  private let plan: Plan
  private let inventory: Inventory
  private let backend: any CommandContext.Backend
  /// nil with `--no-undo`: the record is in memory only.
  private let journal: UndoJournal?
  private let undoes: UndoRecord?
  private let time: UInt64
  /// Device nodes that the plan creates again, as they were before.
  private let nodes: [DeviceNode]
  private var record: UndoRecord?
  private var isOnDisk = false

  /// - Parameters:
  ///   - plan: About to run.
  ///   - inventory: That it was made from.
  ///   - backend: That it runs on.
  ///   - journal: The journal for the record; nil for memory only.
  ///   - undoes: The change that the plan undoes.
  ///   - time: Seconds since 1970.
  ///   - nodes: Device nodes that the plan creates again, with their settings.
  init(
    _ plan: Plan, from inventory: Inventory, on backend: any CommandContext.Backend, journal: UndoJournal?,
    undoes: UndoRecord?, time: UInt64, nodes: [DeviceNode]
  ) {
    self.plan = plan
    self.inventory = inventory
    self.backend = backend
    self.journal = journal
    self.undoes = undoes
    self.time = time
    self.nodes = nodes
  }

  // MARK: PlanRecovery

  func begin() throws(DeviceError) {
    var record = try UndoRecord(of: plan, from: inventory, on: backend, time: time)
    record.undoes = undoes?.id
    record.nodes = SavedNodes(nodes)
    self.record = record
    guard let journal else { return }
    do throws(DeviceError) {
      try Self.explaining { () throws(DeviceError) in try journal.keep(&record) }
    } catch {
      self.record = record
      isOnDisk = record.id > 0 && journal.contains(record)
      // A change that writes no media works also if the journal cannot be written, as in an initramfs (EROFS).
      guard error.errno == 30, !plan.entries.contains(where: \.step.overwrites) else { throw error }
      return
    }
    self.record = record
    isOnDisk = true
  }

  func willOverwrite() throws(DeviceError) {
    guard !plan.saves.isEmpty, var record else { return }
    record.keep(try SavedMedia(plan.saves, on: backend))
    self.record = record
    guard let journal, isOnDisk else { return }
    try Self.explaining { () throws(DeviceError) in try journal.update(record) }
  }

  func didPerform(_ step: Step) {
    guard let record, isOnDisk else { return }
    journal?.noteProgress(of: record)
  }

  func restore() -> [String] { restorer?.restore() ?? [] }

  private var restorer: Restorer? {
    record.map { Restorer(target: $0.before, scope: $0.scope, backend: backend) }
  }

  /// The command that restores the old state later.
  var suggestion: Suggestion {
    guard let id = isOnDisk ? record?.id : nil, let restorer else { return "pmemctl doctor" }
    return restorer.suggestion(id)
  }

  // MARK: Ends

  /// Completes the record of a change that is done; one that wrote no media needs none.
  ///
  /// - Returns: The record, if the change can be undone with it.
  /// - Throws: The error of reading the new state, or the disk's; the record then stays as it was.
  func complete() throws(DeviceError) -> UndoRecord? {
    guard var record, let journal, isOnDisk else { return nil }
    guard record.isUndoable else {
      try journal.forget(record)
      return nil
    }
    var after = try MachineState(of: &record.scope, in: try backend.inventory(.planning), on: backend)
    // The kernel shows the beginning of an enabled namespace.
    for index in after.namespaces.indices where !after.namespaces[index].isEnabled {
      let name = after.namespaces[index].dev
      let head = (try? SavedMedia([.head(namespace: name)], on: backend))?.pieces(of: name) ?? []
      after.namespaces[index].pieces = head.map { NamespaceState.Piece(offset: $0.offset, bytes: $0.bytes) }
    }
    record.after = after
    // They have been put back.
    record.nodes = nil
    record.state = .done
    try journal.update(record)
    return record
  }

  /// Removes the record of a change that was rolled back.
  ///
  /// - Throws: The disk's error; the record stays then.
  func forget() throws(DeviceError) {
    guard let record, let journal, isOnDisk else { return }
    try journal.forget(record)
    isOnDisk = false
  }

  private static func explaining<Result>(
    _ body: () throws(DeviceError) -> Result
  ) throws(DeviceError) -> Result {
    do throws(DeviceError) { return try body() } catch {
      throw error.adding(details: [
        "the undo record is written before the change; --no-undo goes without"
      ])
    }
  }
}
