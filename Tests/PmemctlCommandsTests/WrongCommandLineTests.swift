import Foundation
import PmemctlCommands
import Testing

/// Command lines as people type them who know other tools, or who mistype: each gets an answer, not the usage.
@Suite struct WrongCommandLineTests {
  private static let lines: [String] = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/wrong-command-lines.txt")
    return ((try? String(contentsOf: file, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
  }()

  @Test func eachIsMetWithWhatWasMeant() throws {
    let harness = try CommandHarness()
    harness.run(["sim", "create", harness.machine, "--dimm", "256MiB"])
    var table = ""
    var unhelped: [String] = []
    for line in Self.lines {
      let answer = harness.run(line)
      #expect(answer.status == .usage, "\(line): \(answer.err)")
      #expect(answer.out.isEmpty, "\(line): \(answer.out)")
      #expect(!answer.err.contains("Usage:"), "\(line): \(answer.err)")
      let said = answer.err.split(separator: "\n")
      let first = said.first.map(String.init) ?? ""
      let suggestions = said.filter { $0.contains("try: ") && !$0.hasSuffix("--help") }
      // Words to choose from, or a command to paste.
      let isHelped = ["did you mean", "ambiguous", "such as", "valid values", "for example"].contains {
        answer.err.contains($0)
      }
      if !isHelped, suggestions.isEmpty { unhelped.append(line) }
      table += "\(line)\n    \(first)\n" + suggestions.map { "    \($0.drop { $0 == " " })\n" }.joined()
    }
    #expect(Self.lines.count >= 150)
    #expect(unhelped.count * 10 <= Self.lines.count, "\(unhelped)")
    try expectGolden(table, "wrong-command-lines.txt")
  }

  @Test(
    arguments: [
      ("namesp li", "namespace list"), ("ns ls", "namespace list"),
      ("reg show region0", "region show region0"),
      ("namespace clear errors nosuch", "namespace clear-errors nosuch"),
      ("sim proc list", "sim process list"),
    ]) func shortenedWordsAreUnderstood(_ short: String, _ whole: String) throws
  {
    let harness = try CommandHarness.standard()
    let (left, right) = (harness.run(short), harness.run(whole))
    #expect(left.status == right.status && left.out == right.out && left.err == right.err)
    #expect(right.status != .usage)
  }

  @Test(
    arguments: [
      ("ndctl list -b ACPI.NFIT -i", "namespace list --bus ACPI.NFIT --idle"),
      (
        "cxl create-region -t pmem -d decoder0.0 -w 2 -g 4096 -m mem0 mem1",
        "region create mem0 mem1 --type pmem --window decoder0.0 --granularity 4096"
      ), ("cxl destroy-region -f region2", "region destroy region2"),
      ("ndctl list -X", "device list"), ("list -NRD", "status"),
      (
        "create-namespace --mode fsdax --siz=1G -fe namespace0.0",
        "namespace reconfigure namespace0.0 --mode fsdax --size 1G --force"
      ),
      (
        "create-namespace -m sector -l 4096 -L -c -n 'a b'",
        "namespace create --mode sector --sector-size 4096 --each-region --name 'a b'"
      ),
      (
        "reconfigure-device --no-online dax0.0 -m system-ram",
        "device reconfigure dax0.0 --no-online --mode system-ram"
      ),
      ("init-labels -f -V 1.2 nmem0 nmem1", "label init nmem0 nmem1 --force --label-version 1.2"),
      ("destroy-namespace -r region1 all", "namespace destroy all --region region1"),
    ]) func argumentsOfOtherToolsAreCarriedOver(_ theirs: String, _ ours: String) throws
  {
    let harness = try CommandHarness()
    let words = theirs.replacing("'a b'", with: "a_b").split(separator: " ").map {
      $0 == "a_b" ? "a b" : String($0)
    }
    let answer = harness.run(words)
    #expect(answer.status == .usage)
    #expect(answer.err.split(separator: "\n").last.map { $0.drop { $0 == " " } } == "try: pmemctl \(ours)")
  }
}
