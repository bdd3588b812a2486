import Foundation
import PmemOutput

extension JSONSchemas {
  /// Those that are installed: `Sources/schema`, a file for each verb that takes `--json`, `error` and `types`.
  public static let installed: JSONSchemas = {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Sources")
    do { return try JSONSchemas(directory: sources.appendingPathComponent("schema")) } catch {
      fatalError("Sources/schema: \(error)")
    }
  }()

  /// The schema of the verb that a command line names in full; nil if there is none.
  public func name(of arguments: [String]) -> String? {
    (1...3).reversed().map { arguments.prefix($0).joined(separator: "-") }.first(where: names.contains)
  }

  /// Checks the output of a command line. One without `--json` passes.
  ///
  /// - Parameters:
  ///   - arguments: Of the command line, without the program.
  ///   - name: Of the verb's schema; nil if the command line names no verb.
  ///   - status: Its exit status.
  ///   - output: Its standard output.
  ///   - errors: Its standard error.
  /// - Returns: A line for everything that the schemas refuse.
  public func problems(
    of arguments: [String], _ name: String?, status: Int32, output: String, errors: String
  ) -> [String] {
    let options = arguments.prefix { $0 != "--" }
    guard options.contains("--json"), !options.contains("--help") else { return [] }
    let isWatching = options.contains("--watch") || options.contains("-w") || name == "monitor"
    return
      (outputProblems(name, output, status, errors, isStream: isWatching)
      + errorProblems(status, errors)).map {
        "\(arguments.joined(separator: " ")): \($0)"
      }
  }

  private func outputProblems(
    _ name: String?, _ output: String, _ status: Int32, _ errors: String, isStream: Bool
  ) -> [String] {
    guard !output.isEmpty else {
      // A list that stays empty while it is watched, and a person who said no.
      let mayBeEmpty = status != 0 || isStream || errors.hasSuffix("nothing was changed\n")
      return mayBeEmpty ? [] : ["nothing on standard output"]
    }
    guard let name else { return ["there is no schema for it, and it printed \(output)"] }
    let texts = isStream ? output.split(separator: "\n").map(String.init) : [output]
    return texts.compactMap { text in
      guard let value = try? JSON(parsing: Array(text.utf8)) else { return "not JSON: \(text)" }
      return problem(with: value, in: name).map { "\(name).json: \($0)\n\(text)" }
    }
  }

  /// The last line is an error of the status; but 2 is none, and a person who says no is told so in words.
  private func errorProblems(_ status: Int32, _ errors: String) -> [String] {
    let lines = errors.split(separator: "\n").map(String.init)
    var problems: [String] = []
    for line in lines where line.hasPrefix("{") {
      guard let value = try? JSON(parsing: Array(line.utf8)) else {
        problems.append("not JSON: \(line)")
        continue
      }
      if let problem = problem(with: value, in: "error") {
        problems.append("error.json: \(problem)\n\(line)")
      }
      if value.object?["code"]?.unsigned != UInt64(status) {
        problems.append("the status is \(status): \(line)")
      }
    }
    guard status != 0, status != 2, lines.last?.hasSuffix("nothing was changed") != true else {
      return problems
    }
    if lines.last?.hasPrefix("{") != true {
      problems.append("status \(status), and no JSON error: \(errors)")
    }
    return problems
  }
}
