import Foundation
import PmemctlCommands
import Testing

/// `dimm health`, and the verdict that it shares with `status` and `doctor`, on DIMMs whose health changes by command.
@Suite struct HealthCommandTests {
  private func reports(_ harness: CommandHarness, _ names: String = "") throws -> [[String: Any]] {
    let answer = harness.run("dimm health --json \(names)")
    return try #require(JSONSerialization.jsonObject(with: Data(answer.out.utf8)) as? [[String: Any]])
  }

  @Test func dimmsWithoutAHealthCommandAreNotSupportedAndNotGood() throws {
    let harness = try CommandHarness.standard()
    let answer = harness.run("dimm health")
    #expect(answer.status == .notSupported && answer.err.contains("none of them has a health command"))
    #expect(
      try reports(harness).map { $0["verdict"] as? String } == Array(repeating: "not-supported", count: 3))
    // Nor is that a problem.
    #expect(!harness.run("doctor").out.contains("health"))
    #expect(!harness.run("status").out.contains("health"))
  }

  @Test func theHealthOfAWellDimmReadsAsRecorded() throws {
    let harness = try CommandHarness.standard()
    #expect(harness.run("sim set-health nmem1 --complete").status == .done)
    harness.run("namespace create --region region1 --size 1GiB --name files")
    let answer = harness.run("dimm health nmem1")
    #expect(answer.status == .done && answer.err == "")
    try expectGolden(answer.out, "dimm-health-nmem1.txt")
    let json = harness.run("dimm health nmem1 --json")
    #expect(json.status == .done)
    try expectGolden(json.out, "dimm-health-nmem1.json")
    // DIMMs that cannot be asked do not spoil it.
    #expect(harness.run("dimm health").status == .done)
    #expect(harness.run("status").out.contains("health good"))
  }

  @Test func theWorstComesFirstWithItsReasons() throws {
    let harness = try CommandHarness.standard()
    harness.run("sim set-health nmem0 --complete --spares 50 --last-shutdown dirty --dirty-shutdowns 3")
    harness.run("sim set-health nmem1 --complete")
    harness.run("sim set-health nmem2 --complete --state fatal --flag failed_save")
    let answer = harness.run("dimm health")
    #expect(answer.status == .failed && answer.err.contains("2 DIMMs are not well"))
    try expectGolden(answer.out, "dimm-health.txt")
  }

  @Test func statusDoctorAndHealthShareTheVerdict() throws {
    let harness = try CommandHarness.standard()
    harness.run("sim set-health nmem0 --complete --media-temperature 82")
    harness.run("sim set-health nmem1 --flag failed_arm")
    #expect(harness.run("status").out.contains("health warning"))
    let status = try #require(
      JSONSerialization.jsonObject(with: Data(harness.run("status --json").out.utf8)) as? [String: Any])
    let buses = try #require(status["buses"] as? [[String: Any]])
    let dimms = try #require(buses[0]["dimms"] as? [[String: Any]])
    #expect(dimms.map { $0["health_verdict"] as? String } == ["warning", "critical", nil])
    let doctor = harness.run("doctor")
    #expect(doctor.status == .failed)
    #expect(doctor.out.contains("warning: nmem0: alarm: media temperature 82.0 °C, threshold 82.0 °C"))
    #expect(
      doctor.out.contains("error: nmem1: the platform reports failed_arm: the next power loss loses data"))
    #expect(
      try reports(harness).map { $0["verdict"] as? String } == ["critical", "warning", "not-supported"])
  }

  @Test func valuesThatADimmDoesNotOfferHaveNoKeyAndNoNumber() throws {
    let harness = try CommandHarness.standard()
    harness.run("sim set-health nmem0 --state ok --spares 90")
    let health = try #require(try reports(harness, "nmem0")[0]["health"] as? [String: Any])
    #expect(Set(health.keys) == ["health_state", "spares_percentage"])
    let text = harness.run("dimm health nmem0").out
    #expect(text.contains("life used") && text.contains("not offered by this DIMM"))
    #expect(!text.contains("18446744073709551615") && !text.contains("4294967295"))
  }

  @Test func alarmsThatAreNotWatchedAreSaidToBe() throws {
    let harness = try CommandHarness.standard()
    harness.run("sim set-health nmem0 --complete --ignore media-temperature")
    #expect(harness.run("dimm health nmem0").out.contains("30.0 °C, threshold 82.0 °C, not watched"))
  }

  @Test func aRegionOrANamespaceStandsForItsDimms() throws {
    let harness = try CommandHarness()
    harness.run([
      "sim", "create", harness.machine, "--dimm", "1GiB,set=a", "--dimm", "1GiB,set=a", "--dimm", "1GiB",
    ])
    harness.run("namespace create --region region0 --size 512MiB --name wide")
    for name in ["wide", "region0", "namespace0.0"] {
      #expect(try reports(harness, name).map { $0["dev"] as? String } == ["nmem0", "nmem1"], "\(name)")
    }
    let missing = harness.run("dimm health nosuch")
    #expect(missing.status == .notFound && missing.err.contains("no DIMM, region or namespace"))
  }

  @Test func aBootDoesNotForgetHealthAndNoneTakesItAway() throws {
    let harness = try CommandHarness.standard()
    harness.run("sim set-health nmem0 --complete --state critical --flag smart_event")
    let before = harness.run("dimm health nmem0 --json").out
    harness.run(["sim", "reboot", harness.machine])
    #expect(harness.run("dimm health nmem0 --json").out == before)
    harness.run("sim set-health nmem0 --none --flag none")
    #expect(harness.run("dimm health nmem0").status == .notSupported)
    #expect(harness.run(["sim", "destroy", harness.machine]).status == .done)
  }

  @Test(arguments: [
    "--media-temperature 255", "--media-temperature -255", "--spares 101", "--spares -1", "--state ill",
    "--flag nonsense", "--flag none --flag failed_save", "--watch all", "--last-shutdown maybe",
    "--complete --none", "--life-used 9223372036854775807", "--controller-temperature 9223372036854775807",
  ]) func nonsenseSetsNothing(options: String) throws {
    let harness = try CommandHarness.standard()
    #expect(harness.run("sim set-health nmem0 \(options)").status == .usage)
    #expect(harness.run("dimm health nmem0").status == .notSupported)
  }

  @Test func askingWritesNothing() throws {
    let harness = try CommandHarness.standard()
    harness.run("sim set-health nmem0 --complete")
    let before = try FileManager.default.contentsOfDirectory(atPath: harness.machine).sorted()
    harness.run("dimm health")
    #expect(try FileManager.default.contentsOfDirectory(atPath: harness.machine).sorted() == before)
  }
}
