/// Runs a plan, and brings the old state back if a step fails.
public struct PlanRunner {
  private let backend: any DeviceBackend
  private let recovery: (any PlanRecovery)?

  /// - Parameters:
  ///   - backend: Performs the steps.
  ///   - recovery: Brings the old state back; nil leaves what was done before a failure, for machines that can be thrown
  ///     away.
  public init(on backend: any DeviceBackend, recovery: (any PlanRecovery)? = nil) {
    self.backend = backend
    self.recovery = recovery
  }

  /// Performs every step in order.
  ///
  /// - Parameters:
  ///   - plan: The plan. It must have been made from the backend's present inventory.
  ///   - shouldContinue: Asked before each step; false rolls back what was done.
  ///   - willPerform: Called before each step, for progress.
  /// - Returns: The outcome; never throws, because an error is a part of the outcome.
  public func outcome(
    of plan: Plan, shouldContinue: () -> Bool = { true }, willPerform: (Plan.Entry) -> Void = { _ in }
  ) -> PlanOutcome {
    guard !plan.entries.isEmpty else { return .done }
    do throws(DeviceError) { try recovery?.begin() } catch { return .rolledBack(Self.failed(error)) }
    backend.beginPlan(steps: plan.entries.count)
    var performed: [Plan.Entry] = []
    var isOverwriting = false
    let overwrites = plan.entries.contains { $0.step.overwrites }
    for entry in plan.entries {
      do throws(DeviceError) {
        guard shouldContinue() else { throw DeviceError(.interrupted, "cannot \(plan.title): interrupted") }
        if !isOverwriting, entry.step.overwrites || entry.step.hidesMedia && overwrites {
          try recovery?.willOverwrite()
          isOverwriting = true
        }
        willPerform(entry)
        try backend.perform(entry.step)
      } catch {
        return outcome(Self.explained(error, at: entry), performed)
      }
      recovery?.didPerform(entry.step)
      performed.append(entry)
    }
    do throws(DeviceError) { try backend.synchronize() } catch {
      return outcome(Self.failed(error), performed)
    }
    return .done
  }

  /// As ``outcome(of:shouldContinue:willPerform:)``, for callers that treat every failure alike.
  ///
  /// - Parameter plan: The plan.
  /// - Throws: The error of the step that failed.
  public func run(_ plan: Plan) throws(DeviceError) {
    switch outcome(of: plan) {
    case .done: return
    case .rolledBack(let error), .stuck(let error, _): throw error
    }
  }

  private func outcome(_ error: DeviceError, _ performed: [Plan.Entry]) -> PlanOutcome {
    // A machine that cannot persist its state boots; restoring makes sure that the old state is durable.
    defer { try? backend.synchronize() }
    guard let recovery else {
      return performed.isEmpty
        ? .stuck(error, remains: ["nothing was read back"])
        : .stuck(error, remains: performed.map { "performed: \($0.text)" })
    }
    let remains = recovery.restore()
    return remains.isEmpty ? .rolledBack(error) : .stuck(error, remains: remains)
  }

  /// A refusal by the kernel from here on is a failure: refusals are made before.
  private static func explained(_ error: DeviceError, at entry: Plan.Entry) -> DeviceError {
    guard error.code != .interrupted else { return error.adding(details: ["stopped before: \(entry.text)"]) }
    return failed(error).adding(details: ["failed at: \(entry.text)"])
  }

  private static func failed(_ error: DeviceError) -> DeviceError {
    var error = error
    if error.code == .refused { error.code = .failed }
    return error
  }
}
