import Foundation
import PmemctlCommands
import TestSupport
import Testing

/// Scenario files: what is read, what is said of them.
@Suite struct ScenarioTests {
  /// Writes a scenario into a file and runs a verb on it.
  private func run(_ verb: [String], _ text: String) throws -> Answer {
    let harness = try CommandHarness()
    let folder = try TemporaryFolder()
    let file = folder.path + "/x.pmem"
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    let answer = harness.run(["sim"] + verb + [file])
    return Answer(
      status: answer.status, out: answer.out.replacingOccurrences(of: folder.path, with: "FOLDER"),
      err: answer.err)
  }

  @Test(arguments: [
    ("sim process start a", "no line \"machine:"), ("machine: --dimm 1GiB\nsim nosuch", "line 2"),
    ("machine: --dimm 1GiB\n-> waits", "no command before it"),
    ("machine: --dimm 1GiB\nsim process list\n  -> sings", "is not known"),
    ("machine: --dimm 1GiB\nsim process start 'a", "a quote is not closed"),
    ("machine: --dimm 1GiB\nrule: nosuch", "no rule"),
    ("machine: --dimm 1GiB\nexplore: nosuch", "explore: holds"),
    ("machine: --dimm 1GiB\nmachine: --dimm 1GiB", "one machine already"),
    ("machine: --dimm 1GiB\nsim process start a\n  -> breaks nosuch", "no invariant"),
    ("machine: --dimm 1GiB\nthread a: sim check", "lines of their own"),
  ])
  func whatIsNoScenarioIsNotBegun(text: String, reason: String) throws {
    for verb in ["run", "explore", "timeline"] {
      let answer = try run([verb], text + "\n")
      #expect(answer.status == .badData && answer.err.contains(reason), "\(verb): \(answer.err)")
    }
  }

  @Test func whatComesOutOtherwiseIsToldWithItsLine() throws {
    let answer = try run(["run"], "machine: --dimm 1GiB\n\nsim process start a --pid 7\nsim process stop 8\n")
    #expect(answer.status == .failed)
    #expect(answer.out.contains("line 4: sim process stop 8: it failed"), "\(answer.out)")
  }

  private static let race = """
    machine: --dimm 128MiB --kernel 6.12
    namespace create --mode devdax --size 96MiB --align 4KiB
    sim process start nic --pid 200
    sim process start admin --pid 300
    sim map 200 dax0.0
    thread nic:
      sim touch 200 namespace0.0
      sim pin 200 namespace0.0 --length 8KiB --kind rdma --number 1
      sim dma 1
      sim unpin 1
    thread admin:
      sim process list
      sim unbind 300 namespace0.0

    """

  @Test func theShortestOrderIsTold() throws {
    let answer = try run(["explore"], Self.race)
    #expect(answer.status == .failed)
    let expected = """
      teardown-with-references: the pages of pin 1 of process 200 were freed
        nic: sim pin 200 namespace0.0 --length 8KiB --kind rdma --number 1
        admin: sim unbind 300 namespace0.0

      """
    #expect(answer.out.contains(expected), "\(answer.out)")
  }

  @Test func theSameSeedGivesTheSame() throws {
    let drawn = ["explore", "--most", "1", "--samples", "50", "--json", "--seed"]
    let first = try run(drawn + ["3"], Self.race)
    #expect(first.out.contains("\"complete\": false"))
    #expect(try run(drawn + ["3"], Self.race).out == first.out)
  }

  @Test func threadsDoNotWriteToMedia() throws {
    let answer = try run(
      ["explore"], "machine: --dimm 1GiB\nthread a:\n  namespace create --mode fsdax --size 64MiB\n")
    #expect(answer.status == .failed && answer.err.contains("media were written to"), "\(answer.err)")
  }

  @Test func aTimelineIsTextOrAPicture() throws {
    try expectGolden(try run(["timeline"], Self.race).out, "sim-timeline.txt")
    let drawing = try run(["timeline", "--svg", "-"], Self.race).out
    #expect(drawing.hasPrefix("<svg ") && drawing.hasSuffix("</svg>\n"))
    #expect(throws: Never.self) { try XMLShape.check(drawing) }
    #expect(drawing.contains("unbind namespace0.0"))
  }
}

/// Whether tags are closed in the order in which they were opened.
private enum XMLShape {
  struct Misfit: Error { let tag: String }

  static func check(_ text: String) throws {
    var open: [Substring] = []
    for match in text.matches(of: #/<(/?)([a-z]+)[^>]*?(/?)>/#) {
      if !match.output.3.isEmpty { continue }
      if match.output.1.isEmpty {
        open.append(match.output.2)
      } else if open.popLast() != match.output.2 {
        throw Misfit(tag: String(match.output.0))
      }
    }
    if let left = open.last { throw Misfit(tag: String(left)) }
  }
}
