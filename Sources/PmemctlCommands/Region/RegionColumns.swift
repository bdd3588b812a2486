import PmemDevice
import PmemOutput

/// The columns of `region list`.
enum RegionColumns {
  static let all: [TableColumn<ListedRegion>] = [
    TableColumn("region") { .text($0.dev) },
    TableColumn("size", .right) { .bytes($0.size) },
    TableColumn("free", .right) { .bytes($0.divisible?.availableSize) },
    TableColumn("largest", .right, rank: 3) { .bytes($0.divisible?.maxAvailableExtent) },
    TableColumn("align", .right, rank: 4) { .bytes($0.region?.align) },
    TableColumn("node", .right, rank: 2) { listed in
      listed.region.flatMap { $0.numaNode < 0 ? nil : .number(Int64($0.numaNode)) } ?? .none
    },
    TableColumn("dimms", rank: 1, isShortenable: true) { .text($0.members.joined(separator: ",")) },
    TableColumn("cxl", rank: 1, isSparse: true) { .text(optional: $0.interleave) },
    TableColumn("state") { .text($0.state) },
    TableColumn("namespaces", .right, rank: 1) { listed in
      listed.region.map { .number(Int64($0.configuredNamespaces.count)) } ?? .none
    },
    TableColumn("badblocks", .right, isUsual: false) { listed in
      listed.region.map { .number(Int64($0.badblockCount)) } ?? .none
    },
  ]
}

extension ListedRegion {
  /// A region that labels divide.
  fileprivate var divisible: Region? { region.flatMap { $0.isLabeled ? $0 : nil } }

  /// Of libnvdimm's DIMMs; of CXL devices if it has none.
  fileprivate var members: [String] {
    region?.dimmsByPosition ?? cxl?.members.map { $0.memdev ?? $0.decoder } ?? []
  }

  /// `ram, 2 ways, 4 KiB`.
  fileprivate var interleave: String? {
    cxl.map { [$0.kind?.rawValue, $0.interleave].compactMap(\.self).joined(separator: ", ") }
  }

  var state: String { region?.state ?? cxl?.state ?? "" }
}
