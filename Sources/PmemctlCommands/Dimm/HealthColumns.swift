import PmemDevice
import PmemOutput

/// The columns of `dimm health`.
enum HealthColumns {
  static let all: [TableColumn<HealthReport>] = [
    TableColumn("dimm") { .text($0.dimm.dev) },
    TableColumn("id", isUsual: false) { .text($0.dimm.id ?? "") },
    TableColumn("verdict") { .text($0.verdict.level.rawValue) },
    TableColumn("state", rank: 2) { .text($0.health?.state?.rawValue ?? "") },
    TableColumn("media", .right, rank: 1) { temperature($0.health?.mediaTemperature) },
    TableColumn("controller", .right, rank: 4) { temperature($0.health?.controllerTemperature) },
    TableColumn("spares", .right, rank: 1) { percentage($0.health?.spares) },
    TableColumn("life-used", .right, rank: 1) { percentage($0.health?.lifeUsed) },
    TableColumn("last-shutdown", rank: 3) {
      $0.health?.isShutdownDirty.map { .text($0 ? "dirty" : "clean") } ?? .none
    },
    TableColumn("carries", rank: 1, isShortenable: true) { report in
      .text(report.namespaces.map { $0.name ?? $0.dev }.joined(separator: ","))
    },
  ]

  private static func percentage(_ value: (some BinaryInteger)?) -> TableCell {
    value.map { .amount(UInt64(clamping: $0), "\($0)%") } ?? .none
  }

  /// `--bytes` has no meaning for it, and leaves it as it is.
  private static func temperature(_ value: Temperature?) -> TableCell {
    value.map { .text("\($0)") } ?? .none
  }
}
