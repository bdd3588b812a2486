import Foundation
import TestSupport
import Testing

/// The page of claims: each command in it shows what is said beside it, and its counts are those of its entries.
@Suite struct ClaimTests {
  private static let page: String = {
    let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let file = directory.appendingPathComponent("man/pmem-memory-model.7")
    return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
  }()

  /// `.D1 Ic pmemctl sim run FILE`, each once.
  static let commands: [[String]] = {
    let lines = page.split(separator: "\n").filter { $0.hasPrefix(".D1 Ic pmemctl ") }
    return Set(lines).sorted().map { $0.split(separator: " ").dropFirst(3).map(String.init) }
  }()

  private static func entries(_ head: String) -> Int {
    let claims = page.components(separatedBy: ".Sh QUESTIONS")[0]
    return claims.split(separator: "\n").filter { $0.hasPrefix(head) }.count
  }

  @Test(arguments: commands) func eachCommandComesOutAsItIsSaid(command: [String]) throws {
    #expect(command.starts(with: ["sim", "run"]) && command.count == 3)
    let answer = try Program.run("sim", "run", "\(ThreadScenarioTests.directory)/\(command[2])")
    #expect(answer.status == 0, "\(answer.output)\(answer.errors)")
  }

  @Test func theCountsAreThoseOfTheEntries() {
    let shown = Self.entries("Linux: ")
    let inPart = Self.entries("In part: ")
    let not = Self.entries("Not shown: ")
    #expect(Self.entries(".It ") == shown + inPart + not)
    #expect(
      Self.page.contains(
        "Of \(shown + inPart + not) claims, \(shown) are shown, \(inPart) in part, and \(not) not"))
    #expect(shown > 60)
  }
}

/// The question that each thread ends in, explored in all orders.
@Suite struct QuestionTests {
  /// The scenario, how many steps its threads have, and how many the shortest order takes that breaks an invariant; nil: no
  /// order does.
  static let questions: [(file: String, steps: Int, invariant: String?, shortest: Int)] = [
    ("000-question", 7, "sleep-in-atomic-context", 1),
    ("001-question", 8, nil, 0),
    ("002-question", 11, nil, 0),
    ("002-question-4.12", 11, "foreign-write", 4),
    ("003-question", 7, nil, 0),
    ("004-question", 5, "deadlock", 2),
  ]

  @Test(arguments: questions)
  func allOrdersAreTakenAndAnswerIt(file: String, steps: Int, invariant: String?, shortest: Int) throws {
    let path = "\(ThreadScenarioTests.directory)/\(file).pmem"
    let answer = try Program.run("sim", "explore", path, "--json")
    let found = try #require(answer.json as? [String: Any])
    #expect(found["complete"] as? Bool == true)
    let breaks = try #require(found["broken"] as? [[String: Any]])
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.split(separator: "\n").filter { $0.hasPrefix("  ") }.count == steps)
    guard let invariant else {
      #expect(answer.status == 0 && breaks.isEmpty, "\(answer.output)")
      return
    }
    let runs = breaks.filter { $0["invariant"] as? String == invariant }
      .compactMap { ($0["run"] as? [Any])?.count }
    #expect(answer.status == 1 && runs.min() == shortest, "\(answer.output)")
  }
}
