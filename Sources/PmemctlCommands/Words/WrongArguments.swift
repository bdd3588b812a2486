import ArgumentParser
import PmemDevice

/// Finds out what was meant by the arguments of a verb.
struct WrongArguments {
  private let arguments: [String]
  private let path: [String]
  private let verb: VerbOptions
  private let parent: CommandTree
  private let isKnown: ([String]) -> Bool

  /// - Parameters:
  ///   - arguments: Behind the verb.
  ///   - node: The verb.
  ///   - path: Noun and verb.
  ///   - isKnown: Whether a command line is understood.
  init(_ arguments: [String], of node: CommandTree, path: [String], isKnown: @escaping ([String]) -> Bool) {
    self.arguments = arguments
    self.path = path
    self.isKnown = isKnown
    parent = node
    verb = VerbOptions(node.type)
  }

  private var title: String { path.joined(separator: " ") }

  /// The problem; nil if the parser's own words are best.
  var diagnosis: DeviceError? {
    var positionals: [(index: Int, text: String)] = []
    var index = 0
    while index < arguments.count {
      let word = arguments[index]
      defer { index += 1 }
      if word == "--" { break }
      guard word.hasPrefix("-"), word.utf8.count > 1 else {
        positionals.append((index, word))
        continue
      }
      let name = word.hasPrefix("--") ? String(word.prefix { $0 != "=" }) : String(word.prefix(2))
      guard let option = verb.option(name) else {
        return ["-h", "--help", "--version"].contains(name) || isNumber(word)
          ? nil : unknownOption(word, name, at: index)
      }
      guard option.takesValue else {
        if word.hasPrefix("--"), word.contains("=") {
          return error("\(title): \(name) takes no value", replacing(index, with: [name]))
        }
        continue
      }
      if word != name {
        let value = word.hasPrefix("--") ? word.drop { $0 != "=" }.dropFirst() : word.dropFirst(2)
        if let refused = wrongValue(String(value), of: option, replacing(index, with: [name, "1"])) {
          return refused
        }
        continue
      }
      guard index + 1 < arguments.count, !arguments[index + 1].hasPrefix("--") else {
        return DeviceError(
          .usage,
          "\(title): \(name) needs a value"
            + (Self.example(of: option.names[0]).map { ", such as \($0)" } ?? ""),
          try: [help])
      }
      index += 1
      if let refused = wrongValue(arguments[index], of: option, replacing(index, with: ["1"])) {
        return refused
      }
    }
    return wrongArgument(positionals) ?? extra(positionals) ?? missing(positionals.count) ?? missingOption()
  }

  /// An argument that must be a number.
  private func wrongArgument(_ positionals: [(index: Int, text: String)]) -> DeviceError? {
    for (position, argument) in zip(verb.positionals, positionals) where Int(argument.text) == nil {
      let isNumber = ["pid", "id", "n"].contains(position.name)
      guard isNumber || isKnown(replacing(argument.index, with: ["1"])), !isKnown(path + arguments) else {
        continue
      }
      return DeviceError(
        .usage, "\(title): \"\(argument.text)\" is not \(Self.withArticle(position.name))",
        try: [path.first == "undo" ? "pmemctl undo list" : help])
    }
    return nil
  }

  private static func withArticle(_ noun: String) -> String {
    (noun.first.map { "aeio".contains($0) } ?? false ? "an " : "a ") + noun
  }

  /// A value that the parser refuses: with a number instead of it, the line is understood.
  private func wrongValue(_ value: String, of option: VerbOptions.Option, _ changed: [String]) -> DeviceError?
  {
    guard isKnown(changed), !isKnown(path + arguments) else { return nil }
    let name = option.names[0]
    return DeviceError(
      .usage, "\(title): \(name): \"\(value)\" is \(value.hasPrefix("-") ? "not valid" : "not a number")",
      details: Self.example(of: name).map { ["for example: \(name) \($0)"] } ?? [], try: [help])
  }

  private func missingOption() -> DeviceError? {
    let missing = verb.options.first { option in
      option.isRequired
        && !arguments.contains { word in
          option.names.contains {
            word == $0 || word.hasPrefix($0 + "=") || $0.utf8.count == 2 && word.hasPrefix($0)
          }
        }
    }
    guard let missing else { return nil }
    return DeviceError(
      .usage, "\(title) needs \(missing.names[0]) \(missing.valueName)", details: [missing.help], try: [help])
  }

  private func isNumber(_ word: String) -> Bool { word.dropFirst().allSatisfy { $0.isNumber } }

  private var help: Suggestion { Suggestion([["pmemctl"] + path + ["--help"]]) }

  private func replacing(_ index: Int, with words: [String], count: Int = 1) -> [String] {
    var changed = arguments
    changed.replaceSubrange(index..<min(index + count, changed.count), with: words)
    return path + changed
  }

  private func error(_ summary: String, _ words: [String]?) -> DeviceError {
    let suggested = words.flatMap { isKnown($0) ? Suggestion([["pmemctl"] + $0]) : nil }
    return DeviceError(.usage, summary, try: [suggested ?? help])
  }

  // MARK: Options

  private func unknownOption(_ word: String, _ name: String, at index: Int) -> DeviceError {
    let value = word.contains("=") ? [String(word.drop { $0 != "=" }.dropFirst())] : []
    if ["-f", "--force"].contains(name), verb.option("--break-mappings") != nil {
      return DeviceError(
        .usage, "\(title) has no \(name): each kind of harm has a flag of its own",
        details: [
          "valid values: --break-mappings, --discard-content, --discard-orphan-pins, --assume-unused"
        ],
        try: [Suggestion([["pmemctl"] + replacing(index, with: [])])])
    }
    // `-all`, `-name x`: one dash too few; `--s`: a prefix that is unique.
    let bare = "--" + word.drop { $0 == "-" }.prefix { $0 != "=" }
    let begun = verb.longNames.filter { $0.hasPrefix(bare) }
    // An argument that is given as an option.
    if let next = value.first ?? (index + 1 < arguments.count ? arguments[index + 1] : nil),
      isPositional(bare)
    {
      return error(
        "\(title) takes \"\(next)\" without \(name)",
        replacing(index, with: [next], count: value.isEmpty ? 2 : 1))
    }
    let near = NearestWord.of(
      String(bare.dropFirst(2)), among: verb.longNames.map { String($0.dropFirst(2)) })
    let meant =
      verb.option(bare)?.names.first ?? WordMeaning.options(name).first { verb.option($0) != nil }
      ?? (begun.count == 1 ? begun[0] : nil) ?? near.map { "--" + $0 }
    let isJSON = ["--format", "--output", "--output-format", "-o"].contains(name)
    if isJSON, verb.option("--json") != nil,
      (value.first ?? arguments.dropFirst(index + 1).first)?.lowercased() == "json"
    {
      return error(
        "\(title) has no option \(name); did you mean --json?",
        replacing(index, with: ["--json"], count: value.isEmpty ? 2 : 1))
    }
    if let meant {
      return error(
        "\(title) has no option \(name); did you mean \(meant)?", replacing(index, with: [meant] + value))
    }
    guard begun.isEmpty else {
      return DeviceError(
        .usage, "\(title): \(name) is ambiguous: \(begun.joined(separator: ", "))", try: [help])
    }
    return DeviceError(
      .usage, "\(title) has no option \(name)",
      details: ["valid values: \(verb.longNames.filter { $0 != "--help" }.joined(separator: ", "))"],
      try: [help])
  }

  /// Whether an option is called as the verb's argument is: `--namespace`.
  private func isPositional(_ option: String) -> Bool {
    let name = String(option.dropFirst(2))
    return !name.isEmpty && verb.positionals.contains { $0.name == name }
      || path.first == name && !verb.positionals.isEmpty
  }

  private static func example(of option: String) -> String? {
    switch option {
    case "--size", "--usable": "4GiB"
    case "--align": "2MiB"
    case "--mode": "fsdax"
    case "--map": "dev"
    case "--name": "db"
    case "--region": "region0"
    case "--sim": "./machine"
    case "--pid": "812"
    case "--sector-size": "4096"
    default: nil
    }
  }

  // MARK: Arguments

  /// An argument more than the verb takes, which may be the value of an option.
  private func extra(_ positionals: [(index: Int, text: String)]) -> DeviceError? {
    let isOpen = verb.positionals.count == 1 && isKnown(path + positionals.map(\.text))
    guard positionals.count > verb.positionals.count, !isOpen else { return nil }
    let (index, text) = positionals[verb.positionals.count]
    let meant = Self.options(for: text).first { verb.option($0) != nil }
    if verb.option("--" + text) != nil {
      return error("\(title): \"\(text)\" is an option: --\(text)", replacing(index, with: ["--" + text]))
    }
    guard let meant else {
      if path == ["status"], let noun = WordMeaning.noun(of: text) {
        return error(
          "status shows everything, and takes no name", [noun, noun == "bus" ? "list" : "show", text])
      }
      return DeviceError(
        .usage,
        "\(title) takes \(Self.count(verb.positionals.count, "argument")), and \"\(text)\" is one more",
        try: [help])
    }
    return error("\(title): \"\(text)\" is a value of \(meant)", replacing(index, with: [meant, text]))
  }

  /// The options that a value belongs to by its form.
  private static func options(for text: String) -> [String] {
    if NamespaceMode(parsing: text) != nil { return ["--mode", "--for"] }
    if (try? ByteCount(parsing: text)) != nil, text.first?.isNumber == true {
      return ["--size", "--usable", "--pid"]
    }
    if text.hasPrefix("region") { return ["--region"] }
    if text.hasPrefix("ndbus") || text.hasPrefix("ACPI.") { return ["--bus"] }
    if ["qemu", "rdma", "spdk", "vfio"].contains(text) { return ["--for"] }
    return text.contains("/") ? ["--output", "--file"] : ["--name"]
  }

  private func missing(_ given: Int) -> DeviceError? {
    guard given < verb.positionals.count, verb.positionals[given].isRequired, !isKnown(path + arguments)
    else {
      return nil
    }
    let name = verb.positionals[given].name
    let nouns = [
      "namespace": "namespace", "region": "region", "dimm": "dimm", "device": "device", "bus": "bus",
      "name": "namespace",
    ]
    let list: Suggestion =
      if path.first != "sim", path.last != "rename", let noun = nouns[name] {
        Suggestion([["pmemctl", noun, "list"]])
      } else if path.first == "undo" {
        "pmemctl undo list"
      } else { help }
    let all = verb.positionals[given].takesAll ? ", or all for every one" : ""
    return DeviceError(.usage, "\(title) needs \(Self.withArticle(name))\(all)", try: [list])
  }

  private static func count(_ number: Int, _ noun: String) -> String {
    number == 0 ? "no \(noun)" : counted(number, noun)
  }
}
