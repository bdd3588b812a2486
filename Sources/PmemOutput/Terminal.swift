import Glibc

/// What the output may look like: asked once, at the start.
public struct Terminal: Hashable, Sendable {
  /// Whether somebody reads along.
  public var isInteractive: Bool
  public var width: Int
  /// Whether the locale can show more than ASCII.
  public var isUnicode: Bool
  /// Whether colours are shown: never all that tells things apart.
  public var hasColors: Bool

  public init(isInteractive: Bool, width: Int, isUnicode: Bool, hasColors: Bool = false) {
    self.isInteractive = isInteractive
    self.width = width
    self.isUnicode = isUnicode
    self.hasColors = hasColors
  }

  /// The standard output's.
  public static var standardOutput: Terminal {
    var size = winsize()
    let isTerminal = isatty(STDOUT_FILENO) == 1
    let columns = environment("COLUMNS").flatMap { Int($0) }
    let known = isTerminal && ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return Terminal(
      isInteractive: isTerminal && isatty(STDIN_FILENO) == 1,
      width: max(20, min(500, columns ?? (known ? Int(size.ws_col) : 80))), isUnicode: isUnicodeLocale,
      // https://no-color.org
      hasColors: isTerminal && (environment("NO_COLOR") ?? "").isEmpty && environment("TERM") != "dumb")
  }

  private static var isUnicodeLocale: Bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap(environment).first { !$0.isEmpty } ?? ""
    let name = locale.lowercased()
    return name.contains("utf-8") || name.contains("utf8")
  }

  private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
