/// A command line that would help: words, not text. One function turns it into text, quoted for a shell, with the
/// machine of the failed command.
///
/// Written as an interpolated string: literal parts are split into words, and an interpolated value is always a part of one
/// word, whatever characters are in it. `&&` separates commands.
///
///     let it: Suggestion = "pmemctl label restore \(file) && pmemctl region enable \(region.dev)"
public struct Suggestion: Hashable, Sendable, ExpressibleByStringInterpolation {
  /// Each a list of words, to be run in order as long as they succeed.
  public private(set) var commands: [[String]]

  public init(_ commands: [[String]]) { self.commands = commands }

  public init(stringLiteral text: String) {
    var words = StringInterpolation(literalCapacity: text.utf8.count, interpolationCount: 0)
    words.appendLiteral(text)
    self.init(stringInterpolation: words)
  }

  public init(stringInterpolation words: StringInterpolation) { commands = words.finished }

  /// Collects words, so that what is interpolated is one word, whatever blanks are in it.
  public struct StringInterpolation: StringInterpolationProtocol {
    private var commands: [[String]] = [[]]
    private var word: String?

    public init(literalCapacity: Int, interpolationCount: Int) {}

    public mutating func appendLiteral(_ literal: String) {
      for character in literal {
        if character == " " { endWord() } else { word = (word ?? "") + String(character) }
      }
    }

    /// A part of one word.
    public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
      word = (word ?? "") + value.description
    }

    /// Words of their own.
    public mutating func appendInterpolation(words: [String]) {
      endWord()
      commands[commands.count - 1] += words
    }

    private mutating func endWord() {
      guard let ended = word else { return }
      word = nil
      if ended == "&&" { commands.append([]) } else { commands[commands.count - 1].append(ended) }
    }

    fileprivate var finished: [[String]] {
      var copy = self
      copy.endWord()
      return copy.commands.filter { !$0.isEmpty }
    }
  }

  /// - Parameters:
  ///   - machine: The simulated machine that the failed command named with `--sim`; nil if it named none.
  ///   - directory: Of the simulated machine that the failed command was about, also if the environment named it.
  /// - Returns: The command line to paste into a shell.
  public func text(on machine: String?, in directory: String?) -> String {
    words(on: machine, in: directory).map { words in words.map { "\(ShellWord($0))" }.joined(separator: " ") }
      .joined(separator: " && ")
  }

  /// The same as lists of arguments, one a command.
  public func words(on machine: String?, in directory: String?) -> [[String]] {
    commands.map { $0 + Self.machineWords($0, machine, directory) }
  }

  /// Verbs about a machine as a whole have its directory as an argument.
  private static let wholeMachineVerbs: Set<String> = ["create", "destroy", "import", "reboot", "qemu"]

  private static func machineWords(_ words: [String], _ machine: String?, _ directory: String?) -> [String] {
    guard words.first == "pmemctl", words.count > 1 else { return [] }
    guard words[1] == "sim", words.count > 2, wholeMachineVerbs.contains(words[2]) else {
      return words.contains { $0 == "--sim" || $0.hasPrefix("--sim=") }
        ? [] : machine.map { ["--sim", $0] } ?? []
    }
    return words.count == 3 ? directory.map { [$0] } ?? [] : []
  }
}
