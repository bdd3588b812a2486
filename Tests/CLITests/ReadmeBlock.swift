import Foundation

/// A block of code of the README that holds commands.
struct ReadmeBlock: Hashable, CustomStringConvertible {
  /// Its lines, as they are copied.
  let script: String
  /// What the README prints beneath the command; nil if it shows the command alone.
  let output: String?

  var firstLine: String { script.components(separatedBy: "\n")[0] }
  var description: String { firstLine }

  static let file = ExampleSituation.root.appendingPathComponent("README.md")

  /// Fenced blocks that begin with a prompt, and indented blocks that begin with a command.
  static let all: [ReadmeBlock] = {
    var blocks: [ReadmeBlock] = []
    var fenced: [String]?
    var indented: [String] = []
    func close() {
      while indented.last == "" { indented.removeLast() }
      defer { indented = [] }
      guard let word = indented.first?.split(separator: " ").first, commands.contains(String(word)) else {
        return
      }
      blocks.append(ReadmeBlock(script: indented.joined(separator: "\n"), output: nil))
    }
    let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    for line in text.components(separatedBy: "\n") {
      if line.hasPrefix("```") {
        if let lines = fenced, let first = lines.first, first.hasPrefix("$ ") || first.hasPrefix("# ") {
          let output = lines.dropFirst().map { $0 + "\n" }.joined()
          blocks.append(ReadmeBlock(script: String(first.dropFirst(2)), output: output))
        }
        fenced = fenced == nil ? [] : nil
      } else if fenced != nil {
        fenced?.append(line)
      } else if line.hasPrefix("    ") || (line.isEmpty && !indented.isEmpty) {
        indented.append(String(line.dropFirst(4)))
      } else {
        close()
      }
    }
    close()
    return blocks
  }()

  /// What blocks of commands begin with.
  private static let commands: Set<String> = ["pmemctl", "sudo", "export", "eval", "make", "mkfs.ext4"]
}
