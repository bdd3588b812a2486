import PmemDevice
import PmemOutput
import PmemSim

/// The columns of `sim file list`.
enum SimFileColumns {
  static let all: [TableColumn<SimWorkload.File>] = [
    TableColumn("inode", .right) { .number(Int64($0.inode)) },
    TableColumn("size", .right) { .bytes($0.size) },
    TableColumn("device", rank: 1) { .text($0.device) },
    TableColumn("offset", .right, rank: 2) { .bytes($0.extents.first?.offset) },
    TableColumn("extents", .right, rank: 3) { .number(Int64($0.extents.count)) },
    TableColumn("path", isShortenable: true) { .text($0.path.text) },
  ]
}
