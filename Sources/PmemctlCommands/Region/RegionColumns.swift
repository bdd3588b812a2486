import PmemDevice
import PmemOutput

/// What `region list` can show.
enum RegionColumns {
  static let all: [TableColumn<Region>] = [
    TableColumn("region") { .text($0.dev) },
    TableColumn("size", .right) { .bytes($0.size) },
    TableColumn("free", .right) { .bytes($0.isLabeled ? $0.availableSize : nil) },
    TableColumn("largest", .right, rank: 3) { .bytes($0.isLabeled ? $0.maxAvailableExtent : nil) },
    TableColumn("align", .right, rank: 4) { .bytes($0.align) },
    TableColumn("node", .right, rank: 2) { $0.numaNode < 0 ? .none : .number(Int64($0.numaNode)) },
    TableColumn("dimms", rank: 1, isShortenable: true) {
      .text($0.mappings.map(\.dimm).joined(separator: ","))
    },
    TableColumn("state") { .text($0.state) },
    TableColumn("namespaces", .right, rank: 1) { .number(Int64($0.configuredNamespaces.count)) },
    TableColumn("badblocks", .right, isUsual: false) { .number(Int64($0.badblockCount)) },
  ]
}
