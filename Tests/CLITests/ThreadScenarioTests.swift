import Foundation
import TestSupport
import Testing

/// The arguments of the threads, as scenario files: each comes out as its author said, and does not without the rule that
/// it is about.
@Suite struct ThreadScenarioTests {
  static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()
    .appendingPathComponent("Scenarios").path

  static let files: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).filter { $0.hasSuffix(".pmem") }
    .sorted()

  private static func rules(of file: String) throws -> [String] {
    try String(contentsOfFile: "\(directory)/\(file)", encoding: .utf8).split(separator: "\n").compactMap {
      $0.hasPrefix("rule: ") ? String($0.dropFirst(6)) : nil
    }
  }

  /// As the program names them.
  private static func allRules() throws -> Set<String> {
    let answer = try Program.run("sim", "run", "\(directory)/\(files[0])", "--without", "none")
    let line = answer.errors.split(separator: "\n").first { $0.hasPrefix("  valid values: ") }
    return Set(
      (line?.dropFirst("  valid values:".count) ?? "").split(separator: ",").map {
        $0.trimmingCharacters(in: .whitespaces)
      })
  }

  @Test func everyThreadHasScenariosAndEveryRuleHasOne() throws {
    for thread in ["000", "001", "002", "003", "004"] {
      #expect(Self.files.contains { $0.hasPrefix(thread) })
    }
    let used = try Set(Self.files.flatMap(Self.rules))
    let all = try Self.allRules()
    #expect(all.count > 30 && all == used)
  }

  @Test(arguments: files) func comesOutAsItsAuthorSaid(file: String) throws {
    let answer = try Program.run("sim", "run", "\(Self.directory)/\(file)")
    #expect(answer.status == 0, "\(answer.output)\(answer.errors)")
  }

  @Test(arguments: files) func failsWithoutItsRuleOrPolicies(file: String) throws {
    let rules = try Self.rules(of: file)
    guard !rules.isEmpty else { return try Self.expectFailureWithoutEachPolicy(file) }
    for rule in rules {
      let answer = try Program.run("sim", "run", "\(Self.directory)/\(file)", "--without", rule)
      #expect(answer.status == 1 && answer.output.hasPrefix("BAD"), "\(rule): \(answer.errors)")
    }
  }

  /// A scenario that names no rule is about the policies that it sets.
  private static func expectFailureWithoutEachPolicy(_ file: String) throws {
    let lines = try String(contentsOfFile: "\(directory)/\(file)", encoding: .utf8)
      .components(separatedBy: "\n")
    let choices = lines.indices.filter { lines[$0].hasPrefix("sim policy set ") }
    #expect(!choices.isEmpty, "\(file) names no rule and sets no policy")
    let temporary = try TemporaryDirectory()
    for choice in choices {
      var rest = lines
      rest.remove(at: choice)
      let copy = "\(temporary.path)/\(file)"
      try rest.joined(separator: "\n").write(toFile: copy, atomically: true, encoding: .utf8)
      let answer = try Program.run("sim", "run", copy)
      #expect(answer.status == 1 && answer.output.hasPrefix("BAD"), "\(lines[choice]): \(answer.errors)")
    }
  }

  @Test func leavesNothingBehind() throws {
    let directory = try TemporaryDirectory()
    let answer = try Program.run(
      arguments: ["sim", "run"] + Self.files.prefix(3).map { "\(Self.directory)/\($0)" },
      environment: ["TMPDIR": directory.path])
    #expect(answer.status == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
  }
}
