import ArgumentParser
import PmemDevice
import PmemOutput

/// The health of one DIMM, its verdict, and what lies on it.
struct HealthReport {
  let dimm: DIMM
  private let reading: HealthReading
  let verdict: HealthVerdict
  private let regions: [Region]

  init(_ dimm: DIMM, _ reading: HealthReading, _ inventory: Inventory) {
    self.dimm = dimm
    self.reading = reading
    verdict = HealthVerdict(of: dimm, reading)
    regions = inventory.regions(on: [dimm])
  }

  /// Whether it comes first: the worse. Others stay in the order of their names.
  func precedes(_ other: HealthReport) -> Bool { rank < other.rank }

  private var rank: Int { HealthVerdict.Level.allCases.firstIndex(of: verdict.level) ?? 0 }

  var health: DimmHealth? { reading.health }
  var namespaces: [Namespace] { regions.flatMap(\.configuredNamespaces) }

  // MARK: Forms

  /// Prints the health of DIMMs after a change of it.
  static func write(
    _ dimms: [DIMM], of backend: any CommandContext.Backend, _ output: OutputOptions,
    _ context: CommandContext
  ) throws {
    let inventory = try backend.inventory(.listing)
    let reports = zip(dimms, try backend.health(of: dimms)).map { HealthReport($0, $1, inventory) }
    guard !output.json else {
      return try context.out.write(JSON.array(reports.map { .object($0.json) }).text)
    }
    let columns = try ListColumns(HealthColumns.all, ListOptions.parse([]), isJSON: false)
    try context.out.write(columns.text(reports, in: context))
  }

  /// Why verdicts are not better, a line each; empty if all are good.
  static func reasons(_ reports: [HealthReport]) -> String {
    let reasons = reports.flatMap { report in
      report.verdict.reasons.map { "\(report.dimm.dev): \($0.level.rawValue): \($0.text)".sanitized + "\n" }
    }
    return reasons.isEmpty ? "" : "\n" + reasons.joined()
  }

  /// One DIMM in full.
  var properties: String {
    var list = PropertyList()
    list.add("DIMM", dimm.dev)
    list.add("id", dimm.id)
    list.add("verdict", verdict.level.rawValue)
    for reason in verdict.reasons { list.add("  \(reason.level.rawValue)", reason.text) }
    if let health = reading.health {
      list.add("state", health.state?.rawValue ?? Self.missing)
      for kind in [.mediaTemperature, .controllerTemperature, .spares] as [DimmHealth.AlarmKind] {
        let measured = health.measured(kind)
        let name = kind.rawValue.split(separator: "-").joined(separator: " ")
        list.add(name, measured.dropFirst(name.count + 1) + alarm(health[kind]))
      }
      list.add("life used", health.lifeUsed.map { "\($0)%" } ?? Self.missing)
      list.add("last shutdown", health.isShutdownDirty.map { $0 ? "dirty" : "clean" } ?? Self.missing)
      list.add("dirty shutdowns", health.dirtyShutdowns.map { "\($0)" } ?? Self.missing)
    }
    for region in regions {
      let names = region.configuredNamespaces.map(\.title)
      list.add("carries \(region.dev)", names.isEmpty ? ["no namespace"] : names)
    }
    return list.text
  }

  private static let missing = "not offered by this DIMM"

  private func alarm(_ alarm: DimmHealth.Alarm) -> String {
    switch (alarm.isRaised, alarm.isWatched) {
    case (true?, false?): ", alarm raised, not watched"
    case (true?, _): ", alarm raised"
    case (_, false?): ", not watched"
    case (false?, _): ", no alarm"
    case (nil, true?): ", watched"
    case (nil, nil): ""
    }
  }

  /// Keys: `dev`, `id`, `verdict`, `reasons` [{`level`, `text`}], `flag_…`, `health` {…}, `regions`, `namespaces` [names].
  var json: JSONObject {
    var object = JSONObject()
    object.add("dev", dimm.dev)
    object.add("id", dimm.id)
    verdict.add(to: &object)
    for flag in dimm.flags { object.add("flag_\(flag)", true) }
    object.add("health", reading.health?.json)
    object.add("regions", regions.map { .string($0.dev) })
    object.add("namespaces", namespaces.map { .string($0.dev) })
    return object
  }
}
