/// Runs a plan; what it did before a step failed is taken back.
public struct PlanRunner {
  private let backend: any DeviceBackend

  public init(on backend: any DeviceBackend) { self.backend = backend }

  /// Performs every step in order.
  ///
  /// - Parameters:
  ///   - plan: What to do. Must have been made from the backend's present inventory.
  ///   - willPerform: Called before each step, for progress.
  /// - Throws: The failing step's error, with what was undone and what could not be in its details.
  public func run(
    _ plan: Plan, willPerform: (Plan.Entry) -> Void = { _ in }
  ) throws(DeviceError) {
    var done: [Plan.Entry] = []
    for entry in plan.entries {
      willPerform(entry)
      do throws(DeviceError) {
        try backend.perform(entry.step)
      } catch {
        throw error.adding(details: undo(done, before: entry))
      }
      done.append(entry)
    }
  }

  private func undo(_ done: [Plan.Entry], before failed: Plan.Entry) -> [String] {
    var lines = ["failed at: \(failed.text)"]
    guard !done.isEmpty else { return lines + ["nothing was changed"] }
    var stuck: [String] = []
    for entry in done.reversed() {
      for step in entry.undo {
        do throws(DeviceError) {
          try backend.perform(step)
        } catch {
          stuck.append("could not take back \"\(entry.text)\": \(error.summary)")
        }
      }
      if let loss = entry.loses { stuck.append("cannot be taken back: \(loss)") }
    }
    lines += stuck.isEmpty ? ["what was done before it was taken back; nothing remains changed"] : stuck
    return lines
  }
}
