import PmemDevice
import TestSupport
import Testing

/// Events of a monitor: each change once, and nothing that is none.
@Suite struct MonitorTests {
  private func observation(_ values: [String: String]) -> MachineObservation {
    MachineObservation(
      Dictionary(
        uniqueKeysWithValues: values.map { key, value in
          let parts = key.split(separator: " ").map(String.init)
          return (MachineObservation.Key(parts[0], parts[1]), value)
        }))
  }

  private func texts(_ events: [MonitorEvent]) -> [String] {
    events.map { "\($0.severity.rawValue) \($0.key.subject): \($0.text)" }
  }

  @Test func aFirstLookTellsWhatIsBad() {
    let events = observation([
      "nmem0 state": "enabled", "nmem0 health-state": "fatal", "nmem0 spares-alarm": "clear",
      "region0 state": "disabled",
      "nmem0 dirty-shutdowns": "7", "namespace0.0 state": "fsdax", "namespace0.0 bad-blocks": "3",
    ]).events(since: nil)
    #expect(
      texts(events) == [
        "critical namespace0.0: bad-blocks: 3", "critical nmem0: health-state: fatal",
        "warning region0: it is there (disabled)",
      ])
  }

  @Test func theSameAgainIsNoEvent() {
    let seen = observation(["nmem0 state": "enabled", "nmem0 health-state": "fatal"])
    #expect(seen.events(since: seen) == [])
  }

  @Test func whatCannotBeReadHasNotChanged() {
    let known = observation(["nmem0 state": "enabled", "nmem0 health-state": "ok"])
    let blind = observation(["nmem0 state": "enabled"])
    #expect(blind.events(since: known) == [])
    let kept = blind.keeping(known)
    #expect(kept == known)
    let ill = observation(["nmem0 state": "enabled", "nmem0 health-state": "critical"])
    #expect(texts(ill.events(since: kept)) == ["critical nmem0: health-state: ok -> critical"])
  }

  @Test func whatGoesIsToldOnceAndForgotten() {
    let known = observation(["region0 state": "enabled", "region0 bad-blocks": "2", "dax0.0 state": "devdax"])
    let now = observation(["dax0.0 state": "devdax"])
    #expect(texts(now.events(since: known)) == ["warning region0: it is gone (enabled)"])
    #expect(now.keeping(known) == now)
    let back = observation(["region0 state": "enabled", "region0 bad-blocks": "2", "dax0.0 state": "devdax"])
    #expect(
      texts(back.events(since: now)) == [
        "critical region0: bad-blocks: 2", "info region0: it is there (enabled)",
      ])
  }

  @Test func countsThatShrinkAreGoodNews() {
    let known = observation(["namespace0.0 state": "raw", "namespace0.0 bad-blocks": "3"])
    let now = observation(["namespace0.0 state": "raw", "namespace0.0 bad-blocks": "1"])
    #expect(texts(now.events(since: known)) == ["notice namespace0.0: bad-blocks: 3 -> 1"])
  }

  @Test func whatWasDeliveredBeforeAFailureIsKnown() {
    let known = observation([
      "region0 state": "enabled", "region0 bad-blocks": "2", "region1 state": "enabled",
    ])
    let now = observation(["region0 state": "disabled", "region0 bad-blocks": "3"])
    let events = now.events(since: known)
    #expect(events.count == 3)
    var told = known
    for (index, event) in events.enumerated() {
      told = told.applying(event)
      #expect(now.events(since: told) == Array(events[(index + 1)...]))
    }
    #expect(told == now)
  }

  /// Whatever comes, goes, changes and cannot be read: the last value of each property that was told is the one that is
  /// known, so nothing is missed and nothing told twice.
  @Test(arguments: 0..<40) func everyChangeIsToldOnce(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var known: MachineObservation?
    var told: [MachineObservation.Key: String] = [:]
    for _ in 0..<60 {
      var values: [MachineObservation.Key: String] = [:]
      for number in 0..<3 where Bool.random(using: &random) {
        values[MachineObservation.Key("nmem\(number)", MachineObservation.presence)] = "enabled"
        for property in ["health-state", "security"] where Bool.random(using: &random) {
          values[MachineObservation.Key("nmem\(number)", property)] = ["ok", "fatal", "locked"].randomElement(
            using: &random)
        }
      }
      let now = MachineObservation(values)
      for event in now.events(since: known) {
        #expect(event.old != event.new, "seed \(seed)")
        if let new = event.new {
          #expect(told[event.key] != new, "seed \(seed): \(event.text) was told already")
          told[event.key] = new
        } else {
          told = told.filter { $0.key.subject != event.key.subject }
        }
      }
      known = now.keeping(known)
      for (key, value) in told { #expect(known?.values[key] == value, "seed \(seed): \(key) is \(value)") }
      for (key, value) in known?.values ?? [:] where value == "fatal" || value == "locked" {
        let isBad = key.property == "security" ? value == "locked" : value == "fatal"
        if isBad { #expect(told[key] == value, "seed \(seed): \(key) \(value) was not told") }
      }
    }
  }
}
