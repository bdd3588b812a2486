import Glibc
import PmemDevice

/// Where a monitor writes: events as they are, and remarks, which have the time and the process before them in a file.
struct MonitorLog {
  private enum Target {
    /// Events and complaints on standard error, other remarks on standard output.
    case standard
    case system
    case file(descriptor: Int32, path: String)
  }

  private let session: ToolSession
  private var target: Target

  /// - Parameters:
  ///   - word: `syslog`, `standard`, or a file, which is made or added to; nil is standard.
  ///   - session: Of the command.
  /// - Throws: If the file cannot be opened.
  init(_ word: String?, _ session: ToolSession) throws(DeviceError) {
    self.session = session
    switch word {
    case nil, "standard", "./standard": target = .standard
    case "syslog", "./syslog": target = .system
    case let path?:
      let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else {
        throw DeviceError(
          .failed, "cannot open \(path): \(String(cString: strerror(errno)))", errno: errno)
      }
      target = .file(descriptor: descriptor, path: path)
    }
  }

  /// For a daemon: what would go to the terminal, or to a file beside it, goes to the system's log.
  mutating func leaveTerminal() {
    switch target {
    case .standard, .system: target = .system
    case .file(let descriptor, let path):
      guard !path.hasPrefix("/") else { return }
      close(descriptor)
      target = .system
    }
  }

  /// An event, with its line feed.
  func notify(_ text: String) { write(text, priority: LOG_NOTICE) }
  func inform(_ line: String) { write(line + "\n", priority: LOG_INFO) }
  func complain(_ line: String) { write(line + "\n", priority: LOG_ERR) }

  private func write(_ text: String, priority: Int32) {
    switch target {
    case .standard where priority == LOG_INFO: try? session.answer(bytes: Array(text.utf8))
    case .standard: session.write(error: text)
    case .system: withVaList([]) { vsyslog(priority, text.replacing("%", with: "%%"), $0) }
    case .file(let descriptor, let path):
      var time = timespec()
      clock_gettime(CLOCK_REALTIME, &time)
      let head = priority == LOG_NOTICE ? "" : "[\(Self.text(time))] [\(getpid())] "
      let bytes = Array((head + text).utf8)
      guard Glibc.write(descriptor, bytes, bytes.count) != bytes.count else { return }
      session.note("cannot write to \(path): \(String(cString: strerror(errno)))")
    }
  }

  /// Seconds since 1970, with nine digits behind the point.
  static func text(_ time: timespec) -> String {
    let seconds = String(time.tv_sec)
    let padding = String(repeating: " ", count: max(0, 10 - seconds.count))
    return "\(padding)\(seconds).\(String(1_000_000_000 + time.tv_nsec).dropFirst())"
  }
}
