/// One option of a command of ndctl or daxctl.
struct OptionSpec: Sendable {
  enum Kind: Hashable, Sendable {
    /// `--idle`, `--no-idle`.
    case flag
    /// `-vv`.
    case counter
    /// `--bus=ID`.
    case text
    /// `--size=N`, decimal.
    case number
  }

  let short: Character?
  let long: String
  let kind: Kind
  /// The name of the value in the usage.
  let value: String?
  let help: String

  init(
    _ short: Character?, _ long: String, _ kind: Kind = .flag, _ value: String? = nil, _ help: String = ""
  ) {
    self.short = short
    self.long = long
    self.kind = kind
    self.value = value
    self.help = help
  }
}

/// The options that a command line has, by their long names.
struct ParsedOptions {
  /// The remaining words: names, in their order.
  var names: [String] = []
  private var flags: [String: Bool] = [:]
  private var counts: [String: Int] = [:]
  private var texts: [String: String] = [:]
  private var numbers: [String: Int] = [:]

  init() {}

  /// Whether a flag is on; the default if the command line does not have it.
  func flag(_ long: String, default value: Bool = false) -> Bool { flags[long] ?? value }
  /// Whether the command line has the flag, on or off.
  func hasFlag(_ long: String) -> Bool { flags[long] != nil }
  func count(_ long: String) -> Int { counts[long] ?? 0 }
  func text(_ long: String) -> String? { texts[long] }
  func number(_ long: String) -> Int? { numbers[long] }

  mutating func set(_ long: String, flag: Bool) { flags[long] = flag }
  mutating func increase(_ long: String) { counts[long, default: 0] += 1 }
  mutating func resetCount(_ long: String) { counts[long] = 0 }
  mutating func set(_ long: String, text: String?) { texts[long] = text }
  mutating func set(_ long: String, number: Int?) { numbers[long] = number }
}
