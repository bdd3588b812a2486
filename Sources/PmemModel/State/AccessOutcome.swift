/// The effect of a process's access on its state.
public enum AccessOutcome: Hashable, Sendable {
  case done
  /// By SIGBUS: nothing is behind it any more, or never was.
  case killed
  /// The process waits: for a thaw, a pin, a fault, state.
  case waits
}
