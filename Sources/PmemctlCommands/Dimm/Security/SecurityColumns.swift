import PmemDevice
import PmemOutput

/// The columns of `dimm security show`.
enum SecurityColumns {
  static let all: [TableColumn<SecurityReport>] = [
    TableColumn("dimm") { .text($0.dimm.dev) },
    TableColumn("id", rank: 1, isShortenable: true) { .text($0.dimm.id ?? "") },
    TableColumn("security") { .text($0.security.state?.rawValue ?? "not supported") },
    TableColumn("frozen") { row in
      row.security.state == nil ? .none : .text(row.security.isFrozen ? "yes" : "no")
    },
    TableColumn("keys") { .text($0.keys) },
    TableColumn("directory", isUsual: false, isShortenable: true) {
      .text($0.security.keys?.directory ?? "")
    },
  ]
}
