import PmemDevice
import Testing

/// What is thought of a DIMM follows from what it and the platform report, and from nothing else.
@Suite struct HealthVerdictTests {
  private func healthy() -> DimmHealth {
    var health = DimmHealth()
    health.state = .ok
    health.mediaTemperature = Temperature(celsius: 30)
    health.mediaTemperatureThreshold = Temperature(celsius: 40)
    health.spares = 60
    health.sparesThreshold = 50
    health.lifeUsed = 99
    health.isShutdownDirty = false
    for kind in DimmHealth.AlarmKind.allCases {
      health[kind] = DimmHealth.Alarm(isRaised: false, isWatched: true)
    }
    return health
  }

  private func judge(_ reading: HealthReading, flags: [String] = []) -> HealthVerdict {
    HealthVerdict(of: DIMM(dev: "nmem0", flags: flags), reading)
  }

  @Test func aDimmThatReportsNothingBadIsGoodWithoutReasons() {
    let verdict = judge(.reported(healthy()))
    #expect(verdict.level == .good && verdict.reasons.isEmpty)
  }

  /// ndctl prints "unknown" or nothing for each of them.
  @Test(arguments: [
    (HealthReading.notSupported, HealthVerdict.Level.notSupported), (.notPermitted, .notPermitted),
    (.failed("Input/output error"), .unknown),
  ]) func whatCannotBeAskedIsNeverGood(reading: HealthReading, level: HealthVerdict.Level) {
    #expect(judge(reading).level == level)
  }

  @Test(arguments: [HealthReading.notSupported, .notPermitted, .failed("EIO")])
  func whatThePlatformReportsCountsWhereTheDimmCannotBeAsked(reading: HealthReading) {
    #expect(judge(reading, flags: ["failed_save"]).level == .critical)
    #expect(judge(reading, flags: ["smart_event"]).level == .warning)
  }

  private struct Change: Sendable {
    let name: String
    let level: HealthVerdict.Level
    let text: String
    let apply: @Sendable (inout DimmHealth) -> Void
  }

  private static let changes = [
    Change(name: "fatal", level: .critical, text: "fatal") { $0.state = .fatal },
    Change(name: "critical", level: .critical, text: "critical") { $0.state = .critical },
    Change(name: "non-critical", level: .warning, text: "needs maintenance") { $0.state = .nonCritical },
    Change(name: "alarm", level: .warning, text: "alarm: spares 60%, threshold 50%") {
      $0[.spares].isRaised = true
    },
    Change(name: "at the threshold", level: .warning, text: "threshold reached: media temperature 40.0 °C") {
      $0.mediaTemperature = Temperature(celsius: 40)
    },
    Change(name: "spares", level: .warning, text: "threshold reached: spares 50%") { $0.spares = 50 },
    Change(name: "life", level: .warning, text: "life is used up") { $0.lifeUsed = 100 },
    Change(name: "dirty", level: .warning, text: "dirty") { $0.isShutdownDirty = true },
    Change(name: "thresholds", level: .unknown, text: "EIO") { $0.thresholdsProblem = "EIO" },
  ]

  @Test(arguments: changes.indices) func eachThingThatIsBadIsAReason(index: Int) {
    let change = Self.changes[index]
    var health = healthy()
    change.apply(&health)
    let verdict = judge(.reported(health))
    #expect(verdict.level == change.level, "\(change.name)")
    #expect(verdict.reasons.count == 1 && verdict.reasons[0].text.contains(change.text), "\(verdict.reasons)")
  }

  @Test func theWorstReasonDecidesAndComesFirst() {
    var health = healthy()
    health.isShutdownDirty = true
    health.state = .fatal
    let verdict = judge(.reported(health), flags: ["smart_event"])
    #expect(verdict.level == .critical)
    #expect(verdict.reasons.map(\.level) == [.critical, .warning, .warning])
  }

  @Test func aDimmThatOffersNothingIsGood() {
    #expect(judge(.reported(DimmHealth())).level == .good)
  }

  @Test(
    arguments: [
      (368, "23.0 °C", 23000), (0x8008, "-0.5 °C", -500), (0x80a1, "-10.1 °C", -10063),
      (1, "0.1 °C", 63), (4079, "254.9 °C", 254_938), (0, "0.0 °C", 0),
    ] as [(UInt32, String, Int)]) func temperaturesAreDecodedExactly(
      raw: UInt32, text: String, millicelsius: Int
    )
  {
    let temperature = Temperature(smart: raw)
    #expect(temperature?.description == text && temperature?.millicelsius == millicelsius)
  }

  /// NVDIMM-N without a sensor report 255 °C; all bits set is libndctl's "not valid".
  @Test(arguments: [4080, 0xffff, 0x7fff, .max, 0x1_0000] as [UInt32])
  func sentinelsAreNoTemperature(raw: UInt32) { #expect(Temperature(smart: raw) == nil) }
}
