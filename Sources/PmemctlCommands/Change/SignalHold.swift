import Glibc

/// Keeps SIGINT, SIGTERM and SIGHUP waiting while a plan runs, so that it is stopped between two steps and never inside
/// one.
struct SignalHold {
  private var held = sigset_t()
  private var before = sigset_t()

  /// Begins to hold them.
  init() {
    sigemptyset(&held)
    for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&held, signal) }
    pthread_sigmask(SIG_BLOCK, &held, &before)
  }

  /// Whether one of them has come.
  var isInterrupted: Bool {
    var pending = sigset_t()
    sigpending(&pending)
    return [SIGINT, SIGTERM, SIGHUP].contains { sigismember(&pending, $0) == 1 }
  }

  /// Lets them through again; those that came are taken for answered.
  func end() {
    var held = held
    var before = before
    while isInterrupted {
      var signal: Int32 = 0
      sigwait(&held, &signal)
    }
    pthread_sigmask(SIG_SETMASK, &before, nil)
  }
}
