import Foundation
import PmemOutput
import PmemctlCommands
import TestSupport
import Testing

/// Lists on terminals of every width, and the columns that are asked for.
@Suite struct ListOptionsTests {
  private static let lists = [
    "namespace list --idle", "region list", "dimm list", "bus list", "device list", "mapping list",
    "user list",
    "undo list", "pin list", "sim file list", "sim process list", "sim provider list", "sim policy list",
    "dimm health", "dimm security show",
  ]

  /// Names of every kind: long, wide, with combining characters, none.
  private func machine() throws -> CommandHarness {
    let harness = try CommandHarness()
    harness.run([
      "sim", "create", harness.machine, "--dimm", "1GiB", "--dimm", "1GiB,set=a", "--dimm", "1GiB,set=a",
    ])
    let names = [
      "database-with-a-very-long-name-for-the-production-site-2026", "日本語の名前の長いデータ", "e\u{301}te\u{301}",
    ]
    for (name, mode) in zip(names, ["fsdax", "devdax", "sector"]) {
      #expect(
        harness.run([
          "namespace", "create", "--mode", mode, "--size", "64MiB", "--region", "region0", "--name", name,
        ])
        .status == .done)
    }
    for line in [
      "namespace create --mode devdax --size 64MiB --region region1", "namespace disable namespace1.0",
      "sim mount namespace0.0 /mnt/a/very/long/path/to/the/place/where/the/database/keeps/its/files",
      "sim process start a-process-with-a-name --pid 812", "sim map 812 dax0.1",
      "sim pin 812 dax0.1 --length 4MiB --kind rdma", "sim set-health nmem0 --complete",
      "sim set-health nmem1 --complete", "sim set-health nmem2 --complete", "sim set-security nmem0",
    ] {
      let answer = harness.run(line)
      #expect(answer.status == .done, "\(line): \(answer.err)")
    }
    return harness
  }

  /// Machines that lists are shown of.
  enum Situation: String, CaseIterable {
    case empty, names, many
  }

  private func machine(_ situation: Situation) throws -> CommandHarness {
    guard situation != .names else { return try machine() }
    let harness = try CommandHarness()
    let size = situation == .many ? "64GiB" : "128MiB"
    harness.run(["sim", "create", harness.machine, "--dimm", size])
    guard situation == .many else { return harness }
    let layout =
      "layout: 1\nregions:\n- select: all\n  namespaces:\n"
      + (0..<500).map { "  - {name: \"n\($0)\", mode: \($0 % 3 == 0 ? "devdax" : "fsdax"), size: 64MiB}\n" }
      .joined()
    let file = harness.machine + "/layout.yaml"
    try layout.write(toFile: file, atomically: true, encoding: .utf8)
    let answer = harness.run(["layout", "apply", file])
    #expect(answer.status == .done, "\(answer.err)")
    return harness
  }

  /// Of a long list its beginning and its length.
  private func excerpt(_ text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count > 20 else { return text }
    return lines.prefix(8).joined(separator: "\n") + "\n... \(lines.count) lines\n"
  }

  @Test(arguments: Situation.allCases) func noLineOfATableIsWiderThanTheTerminal(_ situation: Situation)
    throws
  {
    let harness = try machine(situation)
    // The properties of a single DIMM are no table.
    for width in situation == .names ? [20, 40, 60, 80, 120, 200] : [40, 60, 80, 120, 200] {
      var screen = ""
      for list in Self.lists {
        let answer = harness.run(list.split(separator: " ").map(String.init), width: width)
        // No DIMM of these has a health command.
        let isDone =
          answer.status == .done
          || list == "dimm health" && situation != .names && answer.status == .notSupported
        #expect(isDone, "\(situation), \(list): \(answer.err)")
        // The sentences and the drawing of pins are of no table.
        let lines = answer.out.split(separator: "\n").filter {
          list != "pin list" || $0.hasPrefix("  ") && !$0.contains("would")
        }
        #expect(!answer.out.contains(" \n"), "\(list): blanks at the end of a line")
        for line in lines where !line.contains("disabling") && !line.hasPrefix("  0 ") {
          #expect(String(line).terminalWidth <= width, "\(situation), \(width), \(list): \(line)")
        }
        screen += "$ pmemctl \(list)\n\(excerpt(answer.out))"
      }
      #expect(!harness.run(["status"], width: width).out.contains(" \n"), "blanks at the end of a line")
      guard width >= 60 else { continue }
      try expectGolden(screen.withoutUUIDs, "lists-\(situation)-\(width).txt")
    }
  }

  @Test func whatIsLeftOutIsNamedWithTheWayToSeeIt() throws {
    let harness = try machine()
    let narrow = harness.run(["namespace", "list"], width: 60)
    let option = try #require(narrow.err.split(separator: "(").last?.split(separator: " "))
    #expect(option.first == "-o")
    let wide = harness.run(["namespace", "list", "-o", String(option[1])], width: 400)
    let heading = try #require(wide.out.split(separator: "\n").first)
    for column in option[1].dropFirst().split(separator: ",") {
      #expect(!narrow.out.contains(column.uppercased()))
      #expect(heading.contains(column.uppercased()))
    }
  }

  @Test(arguments: lists) func columnsAreShownAsAskedFor(_ list: String) throws {
    let harness = try machine()
    let words = list.split(separator: " ").map(String.init)
    let all = harness.run(words + ["-o", "all"], width: 500)
    #expect(all.status == .done, "\(all.err)")
    let wrong = harness.run(words + ["-o", "nosuchcolumn"])
    #expect(wrong.status == .usage && wrong.out.isEmpty)
    let known = try #require(wrong.err.components(separatedBy: "valid values: ").last)
      .trimmingCharacters(in: .whitespacesAndNewlines).components(separatedBy: ", ")
    for column in known {
      let one = harness.run(words + ["-o", column, "--noheadings", "--sort", column])
      #expect(one.status == .done, "\(one.err)")
      guard list != "pin list" else { continue }
      let back = harness.run(words + ["-o", column, "--noheadings", "--sort=-\(column)"])
      #expect(one.out.split(separator: "\n").sorted() == back.out.split(separator: "\n").sorted())
    }
    #expect(harness.run(words + ["--json", "-q"]).status == .usage)
    let names = harness.run(words + ["-q"])
    #expect(names.status == .done && !names.out.contains("  "))
  }

  @Test func numbersAreSortedByTheirValueAndTextsByTheNumbersInThem() throws {
    let harness = try CommandHarness()
    harness.run(["sim", "create", harness.machine, "--dimm", "4GiB"])
    for number in 1...12 {
      harness.run("namespace create --size \(16 * (13 - number))MiB --name n\(number)")
    }
    let names = (1...12).map { "n\($0)" }
    func column(_ line: String) -> [String] {
      harness.run(line).out.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    }
    #expect(column("namespace list -o name --noheadings --sort name") == names)
    #expect(column("namespace list -o name --noheadings --sort=-taken") == names)
    #expect(
      column("namespace list -o taken --noheadings --bytes --sort taken").compactMap { Int($0) }.count == 12)
  }

  @Test func aDisabledNamespaceHasTheModeOfItsLabel() throws {
    let harness = try machine()
    #expect(harness.run("namespace list namespace1.0 -o mode,state --noheadings").out == "devdax  disabled\n")
  }

  @Test(arguments: ["fsdax", "devdax", "sector", "raw"])
  func jsonOfAModeHasThatModeInEachElement(_ mode: String) throws {
    let harness = try machine()
    let all = harness.run("namespace list --json").out.components(separatedBy: "\"mode\": \"\(mode)\"").count
    let some = harness.run("namespace list --mode \(mode) --json").out
    #expect(some.components(separatedBy: "\"mode\": ").count == all)
    #expect(some.components(separatedBy: "\"mode\": \"\(mode)\"").count == all)
  }

  @Test func widthsAreThoseOfATerminal() {
    #expect("abc".terminalWidth == 3)
    #expect("日本".terminalWidth == 4)
    #expect("e\u{301}".terminalWidth == 1)
    var random = SeededGenerator(seed: 26)
    for _ in 0..<500 {
      let text = String(
        (0..<Int.random(in: 0...20, using: &random)).map { _ in "ab日e\u{301}-🙂".randomElement(using: &random)!
        })
      let width = Int.random(in: 1...20, using: &random)
      let short = text.shortened(to: width, mark: "…")
      #expect(short.terminalWidth <= max(width, 1), "\(text) in \(width): \(short)")
      if text.terminalWidth <= width { #expect(short == text) }
    }
  }
}
