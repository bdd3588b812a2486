import ArgumentParser
import PmemctlCommands
import TestSupport
import Testing

/// The JSON of every command line that a test runs is what the schema of its verb says.
enum CheckedJSON {
  static func check(_ arguments: [String], _ status: Status, out: String, err: String) {
    let name = verb(arguments).map { $0.joined(separator: "-") }
    let problems = JSONSchemas.installed.problems(
      of: arguments, name, status: status.rawValue, output: out, errors: err)
    for problem in problems { Issue.record("\(problem)") }
  }

  /// The full names of the noun and the verb that a command line names, shortened or not; nil if it names none.
  private static func verb(_ arguments: [String]) -> [String]? {
    var words = arguments[...]
    if words.first == "--sim" { words = words.dropFirst(2) }
    var path: [String] = []
    var type: any ParsableCommand.Type = Pmemctl.self
    while !type.configuration.subcommands.isEmpty {
      guard let word = words.popFirst(), let child = child(of: type, word) else { return nil }
      path.append(child.configuration.commandName ?? child._commandName)
      type = child
    }
    return path
  }

  private static func child(
    of parent: any ParsableCommand.Type, _ word: String
  ) -> (any ParsableCommand.Type)? {
    let children = parent.configuration.subcommands
    func names(_ child: any ParsableCommand.Type) -> [String] {
      [child.configuration.commandName ?? child._commandName] + child.configuration.aliases
    }
    if let exact = children.first(where: { names($0).contains(word) }) { return exact }
    let begun = children.filter { names($0)[0].hasPrefix(word) }
    return begun.count == 1 ? begun[0] : nil
  }
}
