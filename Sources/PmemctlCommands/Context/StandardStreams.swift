import Glibc

/// The three descriptors that every program expects.
enum StandardStreams {
  /// Makes sure that no file opened later gets the number of a closed stream, so that output would be written into it;
  /// and refuses to begin if the answer could not be written.
  static var areUsable: Bool {
    let isOutputClosed = fcntl(STDOUT_FILENO, F_GETFD) == -1
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) == -1 {
      let opened = open("/dev/null", descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY)
      guard opened >= 0 else { return false }
      if opened != descriptor {
        dup2(opened, descriptor)
        close(opened)
      }
    }
    guard isOutputClosed else { return true }
    let message = "pmemctl: standard output is closed; nothing was done\n"
    _ = message.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    return false
  }
}
