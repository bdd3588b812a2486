import ArgumentParser
import PmemOutput

/// The options and arguments of a verb, from the parser's own description of it.
struct VerbOptions {
  struct Option {
    /// With their dashes, the longest first.
    let names: [String]
    let takesValue: Bool
    /// Whether the verb cannot do without it.
    let isRequired: Bool
    /// Of its value: `consumer`.
    let valueName: String
    /// What it takes, without the full stop.
    let help: String
  }

  private(set) var options: [Option] = []
  /// The arguments without option names, in order.
  private(set) var positionals: [Positional] = []

  struct Positional {
    /// Of its value: `namespace`.
    let name: String
    /// Whether `all` is one for every one.
    let takesAll: Bool
    let isRequired: Bool
  }

  init(_ type: any ParsableCommand.Type) {
    guard let dump = try? JSON(parsing: Array(type._dumpHelp().utf8)),
      let arguments = dump.object?["command"]?.object?["arguments"]?.array
    else { return }
    for argument in arguments.compactMap(\.object) {
      let isRequired = argument["isOptional"]?.boolean == false
      if argument["kind"]?.string == "positional" {
        let words = (argument["abstract"]?.string ?? "").split { !$0.isLetter }
        positionals.append(
          Positional(
            name: argument["valueName"]?.string ?? "", takesAll: words.contains("all"), isRequired: isRequired
          ))
        continue
      }
      let names = (argument["names"]?.array ?? []).compactMap { name -> String? in
        guard let text = name.object?["name"]?.string else { return nil }
        return (text.utf8.count == 1 ? "-" : "--") + text
      }
      options.append(
        Option(
          names: names.sorted { $0.utf8.count > $1.utf8.count },
          takesValue: argument["kind"]?.string == "option", isRequired: isRequired,
          valueName: argument["valueName"]?.string ?? "",
          help: Self.clause(argument["abstract"]?.string ?? "")))
    }
  }

  private static func clause(_ sentence: String) -> String {
    sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence
  }

  /// All names with two dashes.
  var longNames: [String] { options.flatMap(\.names).filter { $0.hasPrefix("--") } }

  func option(_ name: String) -> Option? { options.first { $0.names.contains(name) } }
}
