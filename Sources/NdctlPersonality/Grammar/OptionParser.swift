/// The grammar of git's commands, which ndctl and daxctl have: unique prefixes of long options, bundles of short ones, `--no-x`,
/// options behind names, and `--`.
struct OptionParser {
  /// Why parsing ended without options.
  enum Stop: Error, Hashable {
    /// A complaint, if there is one, and the usage.
    case usage(String?)
    /// A complaint alone, without the usage.
    case complaint(String)
    /// `--list-opts`.
    case listOptions
    /// `--list-cmds` behind a command.
    case listNothing
  }

  private let options: [OptionSpec]

  init(_ options: [OptionSpec]) { self.options = options }

  /// - Parameter arguments: Behind the command's name.
  /// - Returns: What they set, and the names.
  /// - Throws: ``Stop``.
  func parse(_ arguments: [String]) throws(Stop) -> ParsedOptions {
    var parsed = ParsedOptions()
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("-"), argument != "-" else {
        parsed.names.append(argument)
        continue
      }
      guard argument.hasPrefix("--") else {
        try parseShort(argument.dropFirst(), &rest, &parsed)
        continue
      }
      switch argument {
      case "--":
        parsed.names += rest
        return parsed
      case "--help", "--help-all": throw .usage(nil)
      case "--list-opts": throw .listOptions
      case "--list-cmds": throw .listNothing
      default: try parseLong(String(argument.dropFirst(2)), &rest, &parsed)
      }
    }
    return parsed
  }

  // MARK: Short options

  private func parseShort(
    _ bundle: Substring, _ rest: inout ArraySlice<String>, _ parsed: inout ParsedOptions
  ) throws(Stop) {
    var left = bundle
    var isFirst = true
    while let letter = left.popFirst() {
      guard letter != "h" else { throw .usage(nil) }
      guard let option = options.first(where: { $0.short == letter }) else {
        throw .usage("unknown switch `\(letter)'")
      }
      switch option.kind {
      case .flag: parsed.set(option.long, flag: true)
      case .counter: parsed.increase(option.long)
      case .text, .number:
        let value = left.isEmpty ? rest.popFirst() : String(left)
        guard let value else { throw .usage("switch `\(letter)' requires a value") }
        try set(option, value, "switch `\(letter)'", &parsed)
        return
      }
      if isFirst, !left.isEmpty { try refuseSingleDash(bundle) }
      isFirst = false
    }
  }

  /// `-idle` is a long option with a dash too few.
  private func refuseSingleDash(_ bundle: Substring) throws(Stop) {
    guard bundle.utf8.count >= 3 else { return }
    guard bundle.hasPrefix("no-") || options.contains(where: { $0.long.hasPrefix(bundle) }) else { return }
    throw .complaint("did you mean `--\(bundle)` (with two dashes ?)")
  }

  // MARK: Long options

  /// An option, and whether its `--no-` form was given.
  private typealias Match = (option: OptionSpec, isNegated: Bool)

  private func parseLong(
    _ argument: String, _ rest: inout ArraySlice<String>, _ parsed: inout ParsedOptions
  ) throws(Stop) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let word = String(parts[0])
    let value = parts.count > 1 ? String(parts[1]) : nil
    let match = try find(word, argument)
    let title = "option `\(match.isNegated ? "no-" : "")\(match.option.long)'"
    switch match.option.kind {
    case .flag, .counter:
      guard value == nil else { throw .usage("\(title) takes no value") }
      if match.option.kind == .flag {
        parsed.set(match.option.long, flag: !match.isNegated)
      } else if match.isNegated {
        parsed.resetCount(match.option.long)
      } else {
        parsed.increase(match.option.long)
      }
    case .text, .number:
      guard !match.isNegated else {
        guard value == nil else { throw .usage("\(title) takes no value") }
        parsed.set(match.option.long, text: nil)
        parsed.set(match.option.long, number: nil)
        return
      }
      guard let value = value ?? rest.popFirst() else { throw .usage("\(title) requires a value") }
      try set(match.option, value, title, &parsed)
    }
  }

  /// The option that a word means: its name, else the only one that it is a prefix of.
  private func find(_ word: String, _ argument: String) throws(Stop) -> Match {
    var abbreviated: [Match] = []
    for option in options {
      if option.long == word { return (option, false) }
      let positive = option.long.hasPrefix("no-") ? String(option.long.dropFirst(3)) : nil
      if positive == word { return (option, true) }
      if let positive, positive.hasPrefix(word) { abbreviated.append((option, true)) }
      if option.long.hasPrefix(word) {
        abbreviated.append((option, false))
      } else if "no-".hasPrefix(word) {
        abbreviated.append((option, true))
      } else if word.hasPrefix("no-") {
        let negated = word.dropFirst(3)
        if option.long == negated { return (option, true) }
        if option.long.hasPrefix(negated) { abbreviated.append((option, true)) }
      }
    }
    guard let last = abbreviated.last else { throw .usage("unknown option `\(argument)'") }
    guard abbreviated.count == 1 else {
      let names = abbreviated.suffix(2).map { "--\($0.isNegated ? "no-" : "")\($0.option.long)" }
      throw .usage("Ambiguous option: \(argument) (could be \(names[0]) or \(names[1]))")
    }
    return last
  }

  private func set(
    _ option: OptionSpec, _ value: String, _ title: String, _ parsed: inout ParsedOptions
  ) throws(Stop) {
    guard option.kind == .number else { return parsed.set(option.long, text: value) }
    guard let number = Int(value) else { throw .usage("\(title) expects a numerical value") }
    parsed.set(option.long, number: number)
  }
}
