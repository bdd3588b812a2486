/// Runs a plan; what it did before a step failed is taken back.
public struct PlanRunner {
  private let backend: any DeviceBackend

  public init(on backend: any DeviceBackend) { self.backend = backend }

  /// Performs every step in order.
  ///
  /// - Parameters:
  ///   - plan: What to do. Must have been made from the backend's present inventory.
  ///   - save: Called once, before the first step that overwrites anything, with what was in the places that the plan
  ///     saves: keeps it for later. Where it fails, nothing is overwritten.
  ///   - mayGoOn: Asked before each step; false takes back what was done.
  ///   - willPerform: Called before each step, for progress.
  /// - Throws: The failing step's error, with what was undone and what could not be in its details.
  public func run(
    _ plan: Plan, save: (SavedMedia) throws(DeviceError) -> Void = { _ in }, mayGoOn: () -> Bool = { true },
    willPerform: (Plan.Entry) -> Void = { _ in }
  ) throws(DeviceError) {
    var done: [Plan.Entry] = []
    var saved: SavedMedia?
    for entry in plan.entries {
      do throws(DeviceError) {
        guard mayGoOn() else { throw DeviceError(.interrupted, "cannot \(plan.title): interrupted") }
        if saved == nil, !plan.saves.isEmpty, entry.step.overwrites {
          let media = try SavedMedia(plan.saves, on: backend)
          try save(media)
          saved = media
        }
        willPerform(entry)
        try backend.perform(entry.step)
      } catch {
        let place = error.code == .interrupted ? "stopped before: \(entry.text)" : "failed at: \(entry.text)"
        throw error.adding(details: [place] + undo(done, saved ?? SavedMedia()))
      }
      done.append(entry)
    }
  }

  private func undo(_ done: [Plan.Entry], _ saved: SavedMedia) -> [String] {
    guard !done.isEmpty else { return [Self.untouched] }
    var stuck: [String] = []
    for entry in done.reversed() {
      let copy = saved.undo(entry.step)
      for step in copy.map({ [$0] }) ?? entry.undo {
        do throws(DeviceError) {
          try backend.perform(step)
        } catch {
          stuck.append("could not take back \"\(entry.text)\": \(error.summary)")
        }
      }
      if let loss = entry.loses, copy == nil { stuck.append("cannot be taken back: \(loss)") }
    }
    return stuck.isEmpty ? [Self.takenBack] : stuck
  }

  private static let untouched = "nothing was changed"
  private static let takenBack = "what was done before it was taken back; nothing remains changed"

  /// Whether an error of ``run(_:save:mayGoOn:willPerform:)`` says that all is as it was.
  public static func leftNothingChanged(_ error: DeviceError) -> Bool {
    error.details.contains(untouched) || error.details.contains(takenBack)
  }
}
