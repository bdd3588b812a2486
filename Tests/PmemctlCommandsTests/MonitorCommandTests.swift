import Foundation
import PmemctlCommands
import Testing

/// The monitor on a simulated machine, while it is changed.
@Suite struct MonitorCommandTests {
  private func machine() throws -> CommandHarness {
    let harness = try CommandHarness.standard()
    harness.run("namespace create --region region0 --size 512MiB --name files")
    harness.run("sim set-health nmem0 --complete")
    return harness
  }

  private func lines(_ text: String) throws -> [[String: Any]] {
    try text.split(separator: "\n").map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
  }

  private func words(_ events: [[String: Any]]) -> [String] {
    events.map { event in
      ["severity", "subject", "event", "old", "new"].map { event[$0] as? String ?? "-" }.joined(
        separator: " ")
    }
  }

  @Test func eachChangeIsReportedOnceWhileItLooks() throws {
    let harness = try machine()
    harness.rounds = [
      "sim set-health nmem0 --state fatal --spares 3", "sim inject-error files --block 9 --count 2",
      "status --json",
      "namespace clear-errors files", "region disable region1", "region enable region1", "dimm disable nmem2",
    ]
    let answer = harness.run("monitor --json")
    #expect(
      words(try lines(answer.out)) == [
        "critical nmem0 health-state ok fatal", "warning nmem0 spares-alarm clear raised",
        "critical namespace0.0 bad-blocks 0 2", "notice namespace0.0 bad-blocks 2 0",
        "warning region1 state enabled disabled", "info region1 state disabled enabled",
        "warning nmem2 state enabled disabled", "warning region2 state enabled disabled",
        "notice namespace2.0 state raw -",
      ], "\(answer.out)")
  }

  @Test func aRestartRepeatsNothingAndMissesNothing() throws {
    let harness = try machine()
    let state = harness.machine + ".state"
    harness.run("sim set-health nmem0 --state non-critical")
    let first = harness.run("monitor --once --json --state \(state)")
    #expect(words(try lines(first.out)) == ["warning nmem0 health-state - non-critical"])
    #expect(harness.run("monitor --once --json --state \(state)").out == "")
    harness.run("sim set-health nmem0 --state ok")
    harness.run("namespace destroy --force files")
    let later = harness.run("monitor --once --json --state \(state)")
    #expect(
      words(try lines(later.out)) == [
        "notice nmem0 health-state non-critical ok", "notice namespace0.0 state fsdax -",
      ])
    try "{}".write(toFile: state, atomically: true, encoding: .utf8)
    #expect(harness.run("monitor --once --state \(state)").status == .badData)
  }

  @Test func aFileThatCannotBeWrittenEndsASingleLookOnly() throws {
    let harness = try machine()
    let nowhere = harness.machine + ".nowhere"
    #expect(harness.run("monitor --once --state \(nowhere)/state").status == .failed)
    harness.rounds = ["sim set-health nmem0 --state fatal"]
    let answer = harness.run("monitor --json --state \(nowhere)/state --textfile \(nowhere)")
    let told = words(try lines(answer.out))
    #expect(answer.status == .done && told == ["critical nmem0 health-state ok fatal"])
    #expect(answer.err.contains("cannot write MACHINE.nowhere/state"), "\(answer.err)")
  }

  @Test func theTextfileIsWhatPrometheusReads() throws {
    let harness = try machine()
    let directory = (harness.machine as NSString).deletingLastPathComponent
    harness.run(["namespace", "rename", "files", "a\\b\"c"])
    #expect(harness.run("monitor --once --textfile \(directory)").status == .done)
    let text = try String(contentsOfFile: directory + "/pmemctl.prom", encoding: .utf8)
    var types: [String: String] = [:]
    var helps: Set<String> = []
    var ended: Set<String> = []
    var current = ""
    var samples: Set<String> = []
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 3).map(String.init)
      if line.hasPrefix("# HELP ") {
        #expect(helps.insert(words[2]).inserted, "\(line)")
        if !current.isEmpty { ended.insert(current) }
        current = words[2]
        #expect(!ended.contains(current), "the samples of \(current) are not together")
      } else if line.hasPrefix("# TYPE ") {
        #expect(types.updateValue(words[3], forKey: words[2]) == nil && words[2] == current, "\(line)")
        #expect(["gauge", "counter"].contains(words[3]))
      } else {
        let pattern = #/([a-z_]+)(\{([a-z]+="([^"\\]|\\["\\n])*",?)*\})? -?[0-9]+(\.[0-9]+)?/#
        let match = try #require(try pattern.wholeMatch(in: String(line)), "\(line)")
        #expect(String(match.1) == current && samples.insert(String(line)).inserted, "\(line)")
      }
    }
    #expect(types.keys.allSatisfy { helps.contains($0) } && types.count > 10)
    for (name, type) in types { #expect(name.hasSuffix("_total") == (type == "counter"), "\(name)") }
    #expect(text.contains(#"name="a\\b\"c""#))
    let mode = try FileManager.default.attributesOfItem(atPath: directory + "/pmemctl.prom")[
      .posixPermissions]
    #expect(mode as? Int == 0o644)
  }

  @Test func aProgramIsRunWithEachEvent() throws {
    let harness = try machine()
    let directory = (harness.machine as NSString).deletingLastPathComponent
    let program = directory + "/hook"
    try "#!/bin/sh\nfor word; do printf '<%s>' \"$word\"; done >> '\(directory)/told'\n".write(
      toFile: program, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
    harness.run("sim set-health nmem0 --state fatal")
    #expect(harness.run("monitor --once --exec \(program)").status == .done)
    let told = try String(contentsOfFile: directory + "/told", encoding: .utf8)
    #expect(told == "<critical><nmem0><health-state><><fatal>")
    let missing = harness.run("monitor --once --exec \(directory)/nothing")
    #expect(missing.status == .done && missing.err.contains("cannot run"), "\(missing.err)")
  }

  @Test(arguments: ["--interval 0", "--interval 100000", "--json --journal"]) func wrongOptionsAreUsage(
    options: String
  ) throws {
    #expect(try machine().run("monitor --once \(options)").status == .usage)
  }
}
