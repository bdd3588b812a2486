import ArgumentParser
import Foundation
import PmemctlCommands
import Testing

/// The commands that an answer suggests: each must be one that this program parses.
enum SuggestedCommands {
  /// Records an issue for each that it would refuse.
  static func check(_ text: String) {
    for line in text.split(separator: "\n") {
      guard let range = line.range(of: "try: ") else { continue }
      for words in commands(line[range.upperBound...]) where words.first == "pmemctl" {
        let arguments = Array(words.dropFirst())
        do {
          _ = try Pmemctl.parseAsRoot(arguments)
        } catch {
          // Help is asked for by an error that is a success.
          #expect(Pmemctl.exitCode(for: error) == .success, "suggested, and not parsed: \(line)")
        }
      }
    }
  }

  /// Commands joined by `&&`, in words as a shell splits them: quotes are single ones.
  private static func commands(_ text: Substring) -> [[String]] {
    var commands: [[String]] = [[]]
    var word: String?
    var isQuoted = false
    var isEscaped = false
    func end() {
      guard let ended = word else { return }
      word = nil
      if ended == "&&" { commands.append([]) } else { commands[commands.count - 1].append(ended) }
    }
    for character in text {
      switch character {
      case _ where isEscaped:
        word = (word ?? "") + String(character)
        isEscaped = false
      case "'":
        isQuoted.toggle()
        word = word ?? ""
      case "\\" where !isQuoted: isEscaped = true
      case " " where !isQuoted: end()
      default: word = (word ?? "") + String(character)
      }
    }
    end()
    return commands
  }
}
