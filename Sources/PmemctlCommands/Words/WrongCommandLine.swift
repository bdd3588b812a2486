import ArgumentParser
import PmemDevice

/// Finds out what was meant by a command line that the parser refuses.
struct WrongCommandLine {
  private let arguments: [String]
  private let root: CommandTree
  private let namesProgram: Bool

  /// - Parameters:
  ///   - arguments: Behind the program's name.
  ///   - root: The root command.
  init(_ arguments: [String], root: any ParsableCommand.Type) {
    self.arguments = arguments.first == "pmemctl" ? Array(arguments.dropFirst()) : arguments
    self.root = CommandTree(root)
    namesProgram = arguments.first == "pmemctl"
  }

  /// The command line with every noun and verb in full, if some were shortened.
  ///
  /// - Returns: nil if nothing was.
  var expanded: [String]? {
    var words = arguments
    var node = root
    var index = 0
    while index < words.count, !node.isVerb {
      if index + 1 < words.count,
        let joined = node.children.first(where: { $0.name == "\(words[index])-\(words[index + 1])" })
      {
        words.replaceSubrange(index...(index + 1), with: [joined.name])
        node = joined
      } else if let child = node.child(words[index]) {
        words[index] = child.name
        node = child
      } else {
        break
      }
      index += 1
    }
    return words == arguments ? nil : words
  }

  /// The problem.
  ///
  /// - Returns: nil if the parser's own words are best.
  var diagnosis: DeviceError? {
    if namesProgram, isKnown(arguments) {
      return error("pmemctl is named twice", try: [Suggestion([["pmemctl"] + arguments])])
    }
    var words = arguments
    var path: [String] = []
    var node = root
    while !node.isVerb {
      guard let word = words.first else { return nil }
      let rest = Array(words.dropFirst())
      guard let child = node.child(word), !isMeantOtherwise(word, child, rest, path) else {
        return unknown(word, rest, in: node, path)
      }
      words.removeFirst()
      path.append(child.name)
      node = child
    }
    return WrongArguments(words, of: node, path: path, isKnown: isKnown).diagnosis
  }

  /// Whether a prefix of a noun is a word of its own, and no verb of that noun follows: `info fs` is not about info blocks.
  private func isMeantOtherwise(_ word: String, _ child: CommandTree, _ rest: [String], _ path: [String])
    -> Bool
  {
    path.isEmpty && !child.names.contains(word) && WordMeaning.noun(word) != nil
      && rest.first.flatMap(child.child) == nil
  }

  private func isKnown(_ words: [String]) -> Bool { CommandTree.parses(words, as: root.type) }

  // MARK: Nouns and verbs

  private func unknown(_ word: String, _ rest: [String], in node: CommandTree, _ path: [String])
    -> DeviceError?
  {
    guard word != "help", !(word.hasPrefix("-") && ["-h", "--help", "--version"].contains(word)) else {
      return nil
    }
    return path.isEmpty ? unknownNoun(word, rest) : unknownVerb(word, rest, in: node, path)
  }

  private func unknownNoun(_ word: String, _ rest: [String]) -> DeviceError? {
    if ["-v", "-V", "version", "--Version", "-version"].contains(word) {
      return DeviceError(.usage, "unknown command \"\(word)\"", try: ["pmemctl --version"])
    }
    // As the first option it is read before any verb.
    if word == "--as" || word.hasPrefix("--as=") {
      return error("--as takes ndctl or daxctl, as the first option, such as \"pmemctl --as ndctl list\"")
    }
    if WordMeaning.otherPrograms.contains(word) {
      return error("\"\(word)\" is a program of its own", try: [Suggestion([arguments])])
    }
    if let (foreign, words, own) = ForeignCommands.meaning(of: arguments, isKnown: isKnown) {
      let known = isKnown(words)
      return DeviceError(
        .usage,
        known
          ? "\"\(foreign)\" is \"\(commandName(words))\" here"
          : "\"\(foreign)\" has no counterpart in pmemctl",
        try: [Suggestion([known ? ["pmemctl"] + words : own])])
    }
    let bare = word.drop { $0 == "-" }.lowercased()
    let ambiguous = root.ambiguous(bare)
    if !bare.isEmpty, !ambiguous.isEmpty {
      return error("\"\(word)\" is ambiguous: \(ambiguous.joined(separator: ", "))")
    }
    // `list namespaces`, `delete namespace fs`.
    if let noun = rest.first.flatMap(noun(named:)), let verb = verb(named: bare, in: noun) {
      return meant(word, [noun.name] + verb + rest.dropFirst())
    }
    // `status fs`: that shows everything, and takes no name.
    let isNamed = rest.first.map { !$0.hasPrefix("-") } ?? false
    if let noun = noun(named: bare), !(noun.isVerb && isNamed) {
      return meant(word, resolved([noun.name] + rest))
    }
    // A verb alone: the noun is that of the name behind it.
    if let noun = guessedNoun(rest), let verb = verb(named: bare, in: noun) {
      return meant(word, [noun.name] + verb + rest)
    }
    let owners = root.children.filter { $0.name != "sim" && $0.children.contains { $0.name == bare } }
    if owners.count == 1 { return meant(word, [owners[0].name, bare] + rest) }
    if let near = NearestWord.of(bare, among: root.children.map(\.name)) {
      return meant(word, resolved([near] + rest))
    }
    return error(
      "unknown command \"\(word)\"", ["valid values: \(root.children.map(\.name).joined(separator: ", "))"],
      try: ["pmemctl --help"])
  }

  private func unknownVerb(_ word: String, _ rest: [String], in node: CommandTree, _ path: [String])
    -> DeviceError?
  {
    let title = path.joined(separator: " ")
    let ambiguous = node.ambiguous(word)
    if !ambiguous.isEmpty {
      return error("\(title): \"\(word)\" is ambiguous: \(ambiguous.joined(separator: ", "))")
    }
    // `clear errors` for clear-errors.
    if let next = rest.first, let verb = node.child("\(word)-\(next)") {
      return meant(word, path + [verb.name] + rest.dropFirst(), in: title)
    }
    if let verb = verb(named: word.drop { $0 == "-" }.lowercased(), in: node) {
      return meant(word, rest.isEmpty ? completed(path + verb) : path + verb + rest, in: title)
    }
    // `namespace fs destroy`.
    if let next = rest.first, !next.hasPrefix("-"), let verb = verb(named: next, in: node) {
      return meant(word, path + verb + [word] + rest.dropFirst(), in: title, isName: true)
    }
    if let (_, words, _) = ForeignCommands.meaning(
      of: Array(arguments.dropFirst(path.count)), isKnown: isKnown), isKnown(words)
    {
      return meant(word, words, in: title)
    }
    let viewer = node.children.first { $0.name == "show" } ?? node.children.first { $0.name == "list" }
    // `region region0`.
    if WordMeaning.noun(of: word) != nil || word.contains("/"), let viewer {
      return meant(word, path + [viewer.name, word] + rest, in: title, isName: true)
    }
    // A verb of one other noun.
    let owners = root.children.filter { $0.name != "sim" && $0.children.contains { $0.name == word } }
    if owners.count == 1 { return meant(word, [owners[0].name, word] + rest, in: title) }
    if let other = root.children.first(where: { $0.names.contains(word) }) {
      return meant(word, completed([other.name] + rest), in: title)
    }
    let asName = viewer.flatMap { viewer -> Suggestion? in
      let words = path + [viewer.name, word] + rest
      // Names that people choose are those of namespaces; all others have a number in them.
      let canBeName =
        ["namespace", "user", "mapping", "pin", "dax"].contains(path.first)
        || word.contains(where: \.isNumber)
      return !word.hasPrefix("-") && path.first != "sim" && canBeName && isKnown(words)
        ? Suggestion([["pmemctl"] + words]) : nil
    }
    return error(
      "\(title) has no verb \"\(word)\"",
      ["valid values: \(node.children.map(\.name).joined(separator: ", "))"],
      try: [asName ?? Suggestion([["pmemctl"] + path + ["--help"]])])
  }

  private func noun(named word: String) -> CommandTree? {
    let singular = WordMeaning.singular(word)
    let exact = root.children.first { $0.names.contains(word) || $0.names.contains(singular) }
    return exact ?? WordMeaning.noun(word).flatMap { name in root.children.first { $0.name == name } }
      ?? root.child(word) ?? root.child(singular)
  }

  /// The words below a node that a verb means: mostly one.
  private func verb(named word: String, in node: CommandTree) -> [String]? {
    if let exact = node.child(word) { return [exact.name] }
    for meant in WordMeaning.verbs(word) {
      let words = meant.split(separator: " ").map(String.init)
      var found: CommandTree? = node
      for word in words { found = found?.children.first { $0.name == word } }
      if found != nil { return words }
    }
    // `destroy-namespace` behind the noun.
    if let first = word.split(separator: "-").first.map(String.init), first != word,
      let child = node.child(first)
    {
      return [child.name]
    }
    return NearestWord.of(word, among: node.children.map(\.name)).map { [$0] }
  }

  private func guessedNoun(_ rest: [String]) -> CommandTree? {
    let names = rest.filter { !$0.hasPrefix("-") }
    let noun = names.lazy.compactMap(WordMeaning.noun(of:)).first ?? "namespace"
    return root.children.first { $0.name == noun }
  }

  /// A command line of which only the noun is certain.
  private func resolved(_ words: [String]) -> [String] {
    guard let node = root.child(words[0]), !node.isVerb else { return words }
    guard words.count > 1 else { return completed(words) }
    if let verb = verb(named: words[1], in: node) { return [words[0]] + verb + words.dropFirst(2) }
    let viewed = node.child("list").map { [words[0], $0.name] + words.dropFirst() }
    return viewed.flatMap { isKnown($0) ? $0 : nil } ?? words
  }

  /// With the verb that lists, if the words end at a noun.
  private func completed(_ words: [String]) -> [String] {
    var node = root
    for word in words { node = node.children.first { $0.name == word } ?? node }
    guard !node.isVerb, node.name == words.last else { return words }
    return words + [node.children.contains { $0.name == "list" } ? "list" : "--help"]
  }

  /// The nouns and the verb of a command line.
  private func commandName(_ words: [String]) -> String {
    var node = root
    var names: [String] = []
    for word in words {
      guard let child = node.children.first(where: { $0.name == word }) else { break }
      names.append(child.name)
      node = child
    }
    return names.joined(separator: " ")
  }

  // MARK: Words

  private func error(
    _ summary: String, _ details: [String] = [], try suggestions: [Suggestion] = []
  ) -> DeviceError { DeviceError(.usage, summary, details: details, try: suggestions) }

  private func meant(
    _ word: String, _ words: [String], in title: String? = nil, isName: Bool = false
  ) -> DeviceError {
    let name = commandName(words)
    let summary =
      if isName, let title {
        "\(title) needs a verb before \"\(word)\""
      } else if let title {
        "\(title) has no verb \"\(word)\"; did you mean \"\(name)\"?"
      } else {
        "unknown command \"\(word)\"; did you mean \"\(name)\"?"
      }
    return error(summary, try: [Suggestion([["pmemctl"] + understood(words, name)])])
  }

  /// The command line, mended if it can be; its verb's help if it would be refused again.
  private func understood(_ words: [String], _ name: String) -> [String] {
    let path = name.split(separator: " ").map(String.init)
    // Such a name would be refused: a namespace does not move to another region.
    let isMove = name == "namespace rename" && words.last.flatMap(WordMeaning.noun(of:)) != nil
    guard !isMove else { return path + ["--help"] }
    if isKnown(words) { return words }
    var node = root
    for word in path { node = node.children.first { $0.name == word } ?? node }
    guard node.isVerb else { return path + ["--help"] }
    let wrong = WrongArguments(Array(words.dropFirst(path.count)), of: node, path: path, isKnown: isKnown)
    let mended = wrong.diagnosis?.suggestions.first?.commands.first.map { Array($0.dropFirst()) }
    return mended.flatMap { $0.starts(with: path) && isKnown($0) ? $0 : nil } ?? path + ["--help"]
  }
}
