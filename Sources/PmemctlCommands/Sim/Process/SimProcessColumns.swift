import PmemDevice
import PmemOutput
import PmemSim

/// The columns of `sim process list`.
enum SimProcessColumns {
  static let all: [TableColumn<SimWorkload.Process>] = [
    TableColumn("pid", .right) { .number(Int64($0.name.pid)) },
    TableColumn("command", isShortenable: true) { .text($0.name.command.text) },
    TableColumn("mappings", .right, rank: 1) { .number(Int64($0.mappings)) },
    TableColumn("mapped", .right, rank: 2) { .bytes($0.mapped) },
    TableColumn("waits-for", isShortenable: true) { .text(optional: $0.waitsFor) },
  ]
}
