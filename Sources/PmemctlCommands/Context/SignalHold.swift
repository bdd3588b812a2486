import Glibc

/// Keeps SIGINT, SIGTERM and SIGHUP pending from the first step of a plan until the answer is written: a signal stops a
/// plan between two steps, never inside one, and never takes away the answer of one that is done.
public final class SignalHold {
  private static let signals = [SIGINT, SIGTERM, SIGHUP]
  private var before: sigset_t?

  public init() {}

  /// Begins to hold them; nothing the second time.
  func hold() {
    guard self.before == nil else { return }
    var held = Self.set
    var before = sigset_t()
    pthread_sigmask(SIG_BLOCK, &held, &before)
    self.before = before
  }

  /// Whether one of them has come.
  var isInterrupted: Bool {
    guard before != nil else { return false }
    var pending = sigset_t()
    sigpending(&pending)
    return Self.signals.contains { sigismember(&pending, $0) == 1 }
  }

  /// Lets them through again; those that came have been answered.
  func release() {
    guard var before else { return }
    var held = Self.set
    while isInterrupted {
      var signal: Int32 = 0
      sigwait(&held, &signal)
    }
    pthread_sigmask(SIG_SETMASK, &before, nil)
    self.before = nil
  }

  private static var set: sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    return set
  }
}
