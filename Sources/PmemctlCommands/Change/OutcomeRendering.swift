import PmemDevice

/// The consequences of a plan's outcome: the words, the exit status and the fate of the undo record. No other code
/// decides any of them.
struct OutcomeRendering {
  private let context: CommandContext
  private let plan: Plan
  private let recovery: ChangeRecovery

  init(_ context: CommandContext, _ plan: Plan, _ recovery: ChangeRecovery) {
    self.context = context
    self.plan = plan
    self.recovery = recovery
  }

  /// - Parameter outcome: Of the plan.
  /// - Throws: The error to report, unless the plan is done.
  func conclude(_ outcome: PlanOutcome) throws(DeviceError) {
    switch outcome {
    case .done: try conclude()
    case .rolledBack(let error): throw rolledBack(error)
    case .stuck(let error, let remains): throw stuck(error, remains)
    }
  }

  private func conclude() throws(DeviceError) {
    let record: UndoRecord?
    do throws(DeviceError) { record = try recovery.complete() } catch {
      throw Self.afterChange(
        DeviceError(error.code, "cannot complete the undo record: \(error.summary)", details: error.details))
    }
    // A change that takes nothing has other ways back.
    guard let record, plan.isDestructive else { return }
    context.note("to undo it: \(context.text("pmemctl undo run \(record.id)"))")
  }

  private func rolledBack(_ cause: DeviceError) -> DeviceError {
    do throws(DeviceError) {
      try recovery.forget()
      return cause.adding(details: [Self.untouched])
    } catch {
      return cause.adding(details: ["everything was rolled back, but \(error.summary)"])
    }
  }

  private func stuck(_ error: DeviceError, _ remains: [String]) -> DeviceError {
    var error = error.adding(details: ["not rolled back:"] + remains.map { "  \($0)" })
    // A signal stopped it between two states.
    if error.code == .interrupted { error.code = .failed }
    error.suggestions = [recovery.suggestion]
    return error
  }

  /// All that the change touched was read back.
  private static let untouched = "nothing was changed"

  /// Whether an error says that the machine is as it was before.
  static func hasLeftNothing(_ error: DeviceError) -> Bool { error.details.contains(untouched) }

  /// An error after the change, which does not affect it.
  static func afterChange(_ error: DeviceError) -> DeviceError {
    var error = error.adding(details: ["the change was made"])
    // Whatever kind of failure it is: it was none of the change.
    error.code = .failed
    return error
  }
}

/// The person answered "no".
struct ChangeDeclined: Error {}
