import ArgumentParser

/// The nouns and verbs of the command line, without their options.
struct CommandTree {
  let type: any ParsableCommand.Type

  init(_ type: any ParsableCommand.Type) { self.type = type }

  var name: String { type.configuration.commandName ?? type._commandName }
  var names: [String] { [name] + type.configuration.aliases }
  var children: [CommandTree] { type.configuration.subcommands.map(CommandTree.init) }
  /// Whether it is a verb: the end of a path.
  var isVerb: Bool { type.configuration.subcommands.isEmpty }

  /// The child that a word names: by its name, an alias, or two letters or more that only one child begins with.
  func child(_ word: String) -> CommandTree? {
    let children = children
    if let exact = children.first(where: { $0.names.contains(word) }) { return exact }
    guard word.utf8.count >= 2 else { return nil }
    let begun = children.filter { $0.name.hasPrefix(word) }
    return begun.count == 1 ? begun[0] : nil
  }

  /// The verb that a command line names in full, and what follows it; nil if it begins otherwise.
  func verb(_ words: [String]) -> (type: any ParsableCommand.Type, rest: [String])? {
    var tree = self
    var rest = words[...]
    while !tree.isVerb {
      guard let word = rest.popFirst(), let child = tree.children.first(where: { $0.names.contains(word) })
      else { return nil }
      tree = child
    }
    return (tree.type, Array(rest))
  }

  /// Those that begin with a word, if more than one does.
  func ambiguous(_ word: String) -> [String] {
    let begun = children.map(\.name).filter { $0.hasPrefix(word) }
    return begun.count > 1 ? begun : []
  }

  /// Whether a command line is understood; nothing is run.
  static func parses(_ words: [String], as root: any ParsableCommand.Type) -> Bool {
    (try? root.parseAsRoot(words)) != nil
  }
}
