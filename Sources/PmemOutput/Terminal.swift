import Glibc

/// The capabilities of the output: determined once, at the start.
public struct Terminal: Hashable, Sendable {
  /// Whether a person can be asked: input and output are a terminal.
  public var isInteractive: Bool
  /// Whether standard error is a terminal, so that a line of progress can be rewritten in place.
  public var rewritesProgress: Bool
  /// Columns, 20 to 500.
  public var width: Int
  /// Whether the width is that of a terminal, or was asked for by `COLUMNS`: otherwise it is 80 for want of a better one.
  public var isWidthKnown: Bool
  /// Whether the locale can show more than ASCII.
  public var isUnicode: Bool
  /// Whether colours are shown: they are never the only distinction.
  public var hasColors: Bool

  public init(
    isInteractive: Bool, rewritesProgress: Bool? = nil, width: Int, isWidthKnown: Bool = true,
    isUnicode: Bool,
    hasColors: Bool = false
  ) {
    self.isInteractive = isInteractive
    self.rewritesProgress = rewritesProgress ?? isInteractive
    self.width = width
    self.isWidthKnown = isWidthKnown
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
      rewritesProgress: isatty(STDERR_FILENO) == 1,
      width: max(20, min(500, columns ?? (known ? Int(size.ws_col) : 80))),
      isWidthKnown: columns != nil || known,
      isUnicode: isUnicodeLocale(locale),
      // https://no-color.org
      hasColors: isTerminal && (environment("NO_COLOR") ?? "").isEmpty && environment("TERM") != "dumb")
  }

  private static var locale: String {
    ["LC_ALL", "LC_CTYPE", "LANG"].compactMap(environment).first { !$0.isEmpty } ?? ""
  }

  /// Whether a locale's characters are UTF-8: `de_DE.UTF-8`, `C.utf8`.
  ///
  /// It looks at bytes: searching strings for strings takes a tenth of the time that the program needs to start.
  static func isUnicodeLocale(_ locale: String) -> Bool {
    let name = locale.utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    return name.indices.contains { start in
      name[start...].starts(with: "utf-8".utf8) || name[start...].starts(with: "utf8".utf8)
    }
  }

  private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
