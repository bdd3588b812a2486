import Glibc
import PmemDevice
import PmemModel

/// Actions on the memory of a machine.
extension SimWorkload {
  /// Does an action that comes to nothing else.
  func perform(_ action: Action, _ what: String) throws(DeviceError) {
    try perform(action, what) { _ in () }
  }

  /// Does an action.
  ///
  /// - Parameters:
  ///   - action: The action.
  ///   - what: The operation, for the error if it is refused.
  ///   - result: Selects the result from the outcome; nil for an outcome that it cannot have.
  /// - Returns: That.
  /// - Throws: The kernel's error, with its reason.
  func perform<Result>(
    _ action: Action, _ what: String, _ result: (ActionOutcome) -> Result?
  ) throws(DeviceError) -> Result {
    try doing(what) { kernel in
      let outcome = kernel.apply(action).outcome
      if case .refused(let refusal) = outcome { throw refusal }
      guard let result = result(outcome) else { throw KernelRefusal(EIO, "no result") }
      return result
    }
  }

  static func access(_ outcome: ActionOutcome) -> AccessOutcome? {
    switch outcome {
    case .done: .done
    case .blocked: .waits
    case .killed: .killed
    default: nil
    }
  }

  static func number(_ outcome: ActionOutcome) -> Int? {
    if case .made(let number) = outcome { number } else { nil }
  }

  static func grant(_ outcome: ActionOutcome) -> DirectAccessGrant? {
    if case .granted(let grant) = outcome { grant } else { nil }
  }
}
