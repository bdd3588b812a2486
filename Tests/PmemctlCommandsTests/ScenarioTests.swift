import Foundation
import PmemctlCommands
import TestSupport
import Testing

/// Scenario files: what is read, what is said of them.
@Suite struct ScenarioTests {
  /// Writes a scenario into a file and runs a verb on it.
  private func run(_ verb: [String], _ text: String) throws -> Answer {
    let harness = try CommandHarness()
    let directory = try TemporaryDirectory()
    let file = directory.path + "/x.pmem"
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    let answer = harness.run(["sim"] + verb + [file])
    return Answer(
      status: answer.status, out: answer.out.replacingOccurrences(of: directory.path, with: "DIRECTORY"),
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

  private static let pinned = """
    machine: --dimm 128MiB --kernel KERNEL
    namespace create --mode fsdax --size 96MiB
    sim mount pmem0 /mnt --dax always
    sim file create /mnt/a --size 64KiB
    sim file create /mnt/b --size 64KiB
    sim process start app --pid 100
    sim process start app2 --pid 101
    sim process start nic --pid 200
    sim policy set long-term allow
    sim map 200 /mnt/a
    sim map 200 /mnt/b
    sim pin 200 /mnt/a --kind rdma --number 1
    sim pin 200 /mnt/b --kind rdma --number 2

    """

  private static func pinned(_ kernel: String) -> String {
    pinned.replacingOccurrences(of: "KERNEL", with: kernel)
  }

  /// A thread is one process's: it does not go on while that waits, and is not forgotten.
  @Test func aThreadThatWaitsDoesNotGoOn() throws {
    let text = """
      thread nic:
        sim truncate 200 /mnt/a --size 0
          -> waits
          -> breaks deadlock
        sim unpin 1

      sim file list
        -> prints 64 KiB
      """
    let answer = try run(["run"], Self.pinned("6.18") + text)
    #expect(answer.status == .failed)
    #expect(answer.out.contains("sim unpin 1: it is not reached, since process 200 waits"), "\(answer.out)")
    #expect(!answer.out.contains("file list"), "\(answer.out)")
  }

  /// What is woken by another thread goes on.
  @Test func aThreadThatIsWokenGoesOn() throws {
    let text = """
      thread app:
        sim truncate 100 /mnt/a --size 0
          -> waits
        sim truncate 100 /mnt/a --size 4KiB
      thread nic:
        sim unpin 1
          -> wakes 100

      sim file list
        -> prints 4 KiB
      """
    let answer = try run(["run"], Self.pinned("6.18") + text)
    #expect(answer.status == .done, "\(answer.out)")
  }

  @Test func whoeverWaitsForEverIsTold() throws {
    let text = """
      thread x:
        sim truncate 100 /mnt/a --size 0
      thread y:
        sim truncate 101 /mnt/b --size 0
      """
    let answer = try run(["explore"], Self.pinned("6.18") + text + "\n")
    #expect(answer.status == .failed)
    for process in ["100", "101"] {
      #expect(answer.out.contains("endless-wait: process \(process) waits"), "\(answer.out)")
    }
  }

  /// What the steps before the threads broke of one file is looked for in the others.
  @Test func whatTheStepsBrokeHidesNothing() throws {
    let text = """
      sim truncate 100 /mnt/a --size 0
        -> breaks block-freed-under-pin
      thread x:
        sim truncate 100 /mnt/b --size 0
      explore: holds
      """
    let answer = try run(["run"], Self.pinned("4.12") + text + "\n")
    #expect(answer.status == .failed)
    #expect(
      answer.out.contains("an order breaks block-freed-under-pin: blocks that pin 2 of process 200"),
      "\(answer.out)")
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
