import Foundation
import TestSupport
import Testing

/// The pages in man/ against the parser's own account of itself: neither can drift.
@Suite struct ManualTests {
  private struct Verb {
    let path: [String]
    let abstract: String
    let discussion: String
    let options: Set<String>
    let aliases: [String]
  }

  private static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("man")

  private static func page(_ name: String) throws -> String {
    try String(contentsOf: directory.appendingPathComponent("\(name).8"), encoding: .utf8)
  }

  private static func verbs() throws -> [Verb] {
    let dump = try Program.run("--experimental-dump-help").json as? [String: Any]
    let root = try #require(dump?["command"] as? [String: Any])
    return leaves(root, path: [])
  }

  private static func leaves(_ command: [String: Any], path: [String]) -> [Verb] {
    let children = (command["subcommands"] as? [[String: Any]] ?? []).filter {
      $0["commandName"] as? String != "help"
    }
    let path = path + [command["commandName"] as? String ?? ""]
    guard children.isEmpty else { return children.flatMap { leaves($0, path: path) } }
    var options: Set<String> = []
    for argument in command["arguments"] as? [[String: Any]] ?? [] {
      for name in argument["names"] as? [[String: Any]] ?? [] {
        let text = name["name"] as? String ?? ""
        options.insert(text.count == 1 ? "-\(text)" : "--\(text)")
      }
    }
    return [
      Verb(
        path: path, abstract: command["abstract"] as? String ?? "",
        discussion: command["discussion"] as? String ?? "",
        options: options.subtracting(["-h", "--help", "--version"]),
        aliases: command["aliases"] as? [String] ?? [])
    ]
  }

  /// Options that a page explains: `.It Fl s , Fl -size Ar size`.
  private static func options(in page: String) -> Set<String> {
    var options: Set<String> = []
    for line in page.split(separator: "\n") where line.hasPrefix(".It Fl ") {
      let words = line.split(separator: " ")
      for (index, word) in words.enumerated() where word == "Fl" && index + 1 < words.count {
        options.insert("-" + words[index + 1])
      }
    }
    return options
  }

  @Test func everyVerbHasAPageAndEveryPageAVerb() throws {
    let expected = Set(
      try Self.verbs().map { $0.path.joined(separator: "-") + ".8" } + [
        "pmemctl.8", "pmem-memory-model.7", "pmemctl-ci.7", "pmemctl-json.7", "pmemctl-ndctl.7",
        "pmemctl-tutorial.7",
      ])
    let found = Set(try FileManager.default.contentsOfDirectory(atPath: Self.directory.path))
    #expect(found == expected)
  }

  @Test func everyOptionIsExplainedAndNoOther() throws {
    for verb in try Self.verbs() {
      let name = verb.path.joined(separator: "-")
      #expect(Self.options(in: try Self.page(name)) == verb.options, "man/\(name).8")
    }
  }

  @Test func everyColumnIsExplainedAndNoOther() throws {
    let lists = try Self.verbs().filter { $0.discussion.hasPrefix("Columns: ") }
    #expect(lists.count >= 13)
    for verb in lists {
      let name = verb.path.joined(separator: "-")
      let columns = verb.discussion.dropFirst("Columns: ".count).dropLast().components(separatedBy: ", ")
      let explained = try Self.page(name).split(separator: "\n").filter { $0.hasPrefix(".It Cm ") }
        .map { String($0.dropFirst(".It Cm ".count)) }
      #expect(explained == columns, "man/\(name).8")
    }
  }

  @Test func namesAndSummariesAgree() throws {
    let overview = try Self.page("pmemctl")
    for verb in try Self.verbs() {
      let name = verb.path.joined(separator: "-")
      let page = try Self.page(name)
      var summary = verb.abstract.prefix(1).lowercased() + verb.abstract.dropFirst()
      if summary.hasSuffix(".") { summary.removeLast() }
      #expect(page.contains(".Nm \(name)\n"), "man/\(name).8 does not name itself")
      #expect(page.contains(".Nd \(summary)\n"), "man/\(name).8: .Nd should be \"\(summary)\"")
      #expect(page.contains(".Sh EXAMPLES\n"), "man/\(name).8 has no example")
      #expect(overview.contains("Xr \(name) 8\n"), "pmemctl.8 does not mention \(name)")
    }
  }

  @Test func theTableOfExitStatusesIsComplete() throws {
    let overview = try Self.page("pmemctl")
    for status in ["0", "1", "2", "3", "4", "5", "6", "64", "65", "130"] {
      #expect(overview.contains(".It \(status)\n"), "exit status \(status) is not in pmemctl.8")
    }
  }

  @Test func theVersionIsTheProgrammes() throws {
    let version = try Program.run("--version").output.trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(try Self.page("pmemctl").contains(".Os pmemctl \(version)\n"))
  }
}
