import PmemDevice
import PmemOutput

/// The columns of `dimm firmware show`.
enum FirmwareColumns {
  static let all: [TableColumn<FirmwareReport>] = [
    TableColumn("dimm") { .text($0.dimm.dev) },
    TableColumn("id", isUsual: false) { .text($0.dimm.id ?? "") },
    TableColumn("running") { report in
      .text(report.firmware.map { FirmwarePlanner.version($0.running) } ?? report.remark ?? "")
    },
    TableColumn("staged") { .text(optional: $0.firmware?.staged.map(FirmwarePlanner.version)) },
    TableColumn("activation", rank: 1) { report in
      .text(optional: report.firmware.map { $0.activation?.rawValue ?? "by power cycle" })
    },
    TableColumn("result", rank: 2) { .text(optional: $0.firmware?.result?.rawValue) },
    TableColumn("method", rank: 3) { report in
      .text(optional: report.firmware == nil ? nil : report.activation.method?.rawValue)
    },
    TableColumn("storage", .right, isUsual: false) { .bytes($0.firmware?.storage) },
  ]
}
