import Foundation

/// A file of Tests/Examples: a script that makes the situation that examples are for, under a head that names the manual
/// pages and, by their first line, the blocks of the README.
struct ExampleSituation {
  let name: String
  let script: String
  /// Without "pmemctl-" and section, but for pmemctl itself.
  let pages: [String]
  let blocks: [String]

  /// The tree that the tests are built from.
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let directory = root.appendingPathComponent("Tests/Examples")

  init(_ name: String) throws {
    self.name = name
    script = try String(contentsOf: Self.directory.appendingPathComponent(name), encoding: .utf8)
    let lines = script.split(separator: "\n")
    func head(_ key: String) -> [String] {
      lines.filter { $0.hasPrefix(key) }.map { String($0.dropFirst(key.count)) }
    }
    pages = head("# pages: ").flatMap { $0.split(separator: " ").map(String.init) }
    blocks = head("# readme: ")
  }

  static let all: [ExampleSituation] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
    return names.filter { $0.hasSuffix(".sh") }.sorted().compactMap { try? ExampleSituation($0) }
  }()
}
