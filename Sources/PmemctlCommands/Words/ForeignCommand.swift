/// A command of another tool, and the command line that does the same here.
struct ForeignCommand {
  /// An option of it.
  struct Option {
    let short: Character?
    let long: String
    let takesValue: Bool
    let meaning: Meaning
  }

  /// The translation of an option.
  enum Meaning {
    /// An option here: `--mode`.
    case option(String)
    /// An argument.
    case argument
    /// Another verb: with this option the command means something else.
    case verb([String])
    /// The default here, or of no use here.
    case dropped
  }

  /// Those of the tool: `destroy-namespace`.
  let name: String
  /// `["namespace", "destroy"]`.
  let words: [String]
  let options: [Option]

  /// - Parameters:
  ///   - name: The command.
  ///   - text: Noun and verb here.
  ///   - options: A word each: `m|mode=--mode` takes a value and is `--mode` here; without `=` it is a flag. The name
  ///     is followed by an option, `@` for an argument, a noun and a verb joined by a dot, or nothing.
  init(_ name: String, _ text: String, _ options: String = "") {
    self.name = name
    words = text.split(separator: " ").map(String.init)
    self.options = options.split(separator: " ").map { Self.option($0) }
  }

  private static func option(_ text: Substring) -> Option {
    let takesValue = text.contains("=")
    let halves = text.split(separator: takesValue ? "=" : ":", maxSplits: 1, omittingEmptySubsequences: false)
    let names = halves[0].split(separator: "|")
    let meaning: Meaning =
      switch halves.count > 1 ? halves[1] : "" {
      case "": .dropped
      case "@": .argument
      case let word where word.hasPrefix("-"): .option(String(word))
      case let word: .verb(word.split(separator: ".").map(String.init))
      }
    return Option(
      short: names[0].utf8.count == 1 ? names[0].first : nil, long: String(names[names.count - 1]),
      takesValue: takesValue, meaning: meaning)
  }

  // MARK: Translation

  /// The command line here.
  ///
  /// - Parameters:
  ///   - arguments: Of the command; those that are not its options, or mean nothing here, are left out.
  ///   - isKnown: Whether a command line is understood here.
  /// - Returns: Without the program's name. nil if nothing of it is understood.
  func translated(_ arguments: [String], isKnown: ([String]) -> Bool) -> [String]? {
    var verbs: [[String]] = []
    var options: [[String]] = []
    var positionals: [String] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("-"), argument.utf8.count > 1 else {
        positionals.append(argument)
        continue
      }
      for (option, value) in matches(argument, &rest) {
        switch option.meaning {
        case .dropped: break
        case .argument: positionals.append(contentsOf: value.map { [$0] } ?? [])
        case .verb(let verb):
          if !verbs.contains(verb) { verbs.append(verb) }
          positionals.append(contentsOf: value.map { [$0] } ?? [])
        case .option(let name): options.append([name] + (value.map { [$0] } ?? []))
        }
      }
    }
    // Objects of several kinds in one answer are what status shows.
    guard verbs.count < 2 else { return ["status"] }
    let words = verbs.first ?? words
    let whole = words + positionals + options.flatMap { $0 }
    if isKnown(whole) { return whole }
    // One option more or less must not cost the answer.
    var kept = words + positionals
    guard isKnown(kept) || isKnown(words + ["all"]) || isKnown(words) else { return words }
    for option in options where isKnown(kept + option) { kept += option }
    return kept
  }

  /// The options that one word contains: `--mode=fsdax`, `-mfsdax`, `-RN`.
  private func matches(_ word: String, _ rest: inout ArraySlice<String>) -> [(Option, String?)] {
    if word.hasPrefix("--") {
      let halves = word.dropFirst(2).split(separator: "=", maxSplits: 1).map(String.init)
      guard let name = halves.first,
        let option = options.first(where: { $0.long == name })
          ?? options.first(where: { $0.long.hasPrefix(name) })
      else { return [] }
      guard option.takesValue else { return [(option, nil)] }
      return [(option, halves.count > 1 ? halves[1] : rest.popFirst())]
    }
    var found: [(Option, String?)] = []
    var letters = word.dropFirst()
    while let letter = letters.popFirst() {
      guard let option = options.first(where: { $0.short == letter }) else { continue }
      guard option.takesValue else {
        found.append((option, nil))
        continue
      }
      let attached = letters.first == "=" ? letters.dropFirst() : letters
      found.append((option, attached.isEmpty ? rest.popFirst() : String(attached)))
      return found
    }
    return found
  }
}
