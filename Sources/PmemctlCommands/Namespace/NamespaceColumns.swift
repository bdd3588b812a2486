import PmemDevice
import PmemOutput

/// The columns of `namespace list`.
enum NamespaceColumns {
  struct Row {
    let namespace: Namespace
    /// The kernel calls every disabled one raw; nil if its mode is unknown.
    let mode: NamespaceMode?
    /// Mount points of filesystems on it.
    let mountPoints: [RawText]

    init(_ namespace: Namespace, mode: NamespaceMode?, mountPoints: [RawText]) {
      self.namespace = namespace
      self.mode = mode
      self.mountPoints = mountPoints
    }

    fileprivate var state: String {
      namespace.isEnabled
        ? "enabled" : namespace.isSeed ? "idle" : namespace.holder == nil ? "disabled" : "claimed"
    }
  }

  static let all: [TableColumn<Row>] = [
    TableColumn("namespace") { .text($0.namespace.dev) },
    TableColumn("name", isShortenable: true) { .text(optional: $0.namespace.name) },
    TableColumn("mode") { .text($0.mode?.rawValue ?? "unknown") },
    TableColumn("map", rank: 5) { $0.namespace.map == .none ? .none : .text($0.namespace.map.rawValue) },
    TableColumn("taken", .right, rank: 4) { .bytes($0.namespace.rawSize) },
    TableColumn("usable", .right) { row in row.mode == nil ? .none : .bytes(row.namespace.size) },
    TableColumn("align", .right, rank: 6) { .bytes($0.namespace.align) },
    TableColumn("sector", .right, rank: 7) { $0.namespace.sectorSize.map { .number(Int64($0)) } ?? .none },
    TableColumn("device") { .text(optional: $0.namespace.node) },
    TableColumn("state", rank: 1) { .text($0.state) },
    TableColumn("mountpoint", rank: 2, isShortenable: true, isSparse: true) { row in
      .text(row.mountPoints.map(\.text).joined(separator: ","))
    },
    TableColumn("badblocks", .right, isUsual: false) { .number(Int64($0.namespace.badblockCount)) },
    TableColumn("node", .right, isUsual: false) { row in
      row.namespace.numaNode < 0 ? .none : .number(Int64(row.namespace.numaNode))
    },
    TableColumn("uuid", isUsual: false) { .text(optional: $0.namespace.uuid.map { "\($0)" }) },
    TableColumn("raw-uuid", isUsual: false) { .text(optional: $0.namespace.labelUUID.map { "\($0)" }) },
    TableColumn("region", isUsual: false) { .text("region\($0.namespace.regionID)") },
    TableColumn("holder", isUsual: false) { .text(optional: $0.namespace.holder) },
  ]
}
