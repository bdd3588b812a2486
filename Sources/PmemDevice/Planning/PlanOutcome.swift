/// The outcome of a plan. Words, exit status and the fate of the undo record follow from it alone.
public enum PlanOutcome: Hashable, Sendable {
  /// Every step was performed.
  case done
  /// A step failed, or a signal came; all that the plan touches was read back and is as it was before.
  case rolledBack(DeviceError)
  /// A step failed, and the old state could not be restored or not be verified. `remains` lists the differences, or
  /// what could not be read, a line each; never empty.
  case stuck(DeviceError, remains: [String])
}

/// Brings the state before a plan back, and verifies it. ``PlanRunner`` calls it in the order of its requirements.
public protocol PlanRecovery: AnyObject {
  /// Keeps the state before the first step.
  ///
  /// - Throws: If it cannot be read or kept; no step is performed then.
  func begin() throws(DeviceError)

  /// Keeps what steps are about to overwrite, called once, before the first step that overwrites media, or that disables
  /// a region on the way there. Namespaces that the plan overwrites are disabled by now, and can be read.
  ///
  /// - Throws: If it cannot be read or kept; the plan is rolled back then.
  func willOverwrite() throws(DeviceError)

  /// Notes that one more step was performed.
  func didPerform(_ step: Step)

  /// Brings the old state back after a failure. The failing step may have had its effect, a part of it, or none.
  ///
  /// - Returns: What still differs, or cannot be read, a line each; empty once all of it was read back and is as
  ///   before.
  func restore() -> [String]
}
