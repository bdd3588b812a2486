import PmemDevice
import PmemOutput

/// The columns of `user list`.
enum UserColumns {
  struct Row {
    let use: Usage
    /// The effect of `cxl disable-region` on it; nil if its memory is no CXL region's.
    let unguarded: String?

    init(_ use: Usage, _ inventory: Inventory) {
      self.use = use
      let namespace = inventory.cxl.isEmpty ? nil : inventory.namespaces.first { $0.dev == use.namespace }
      let region =
        namespace.flatMap(inventory.region(of:)).flatMap(inventory.cxlRegion)
        ?? inventory.cxl.region(ofDevice: use.namespace)
      unguarded = region == nil ? nil : use.unguardedConsequence
    }

    var json: JSONObject {
      var object = use.json
      object.add("cxl_disable_region", unguarded)
      return object
    }
  }

  static let all: [TableColumn<Row>] = [
    TableColumn("namespace") { .text($0.use.namespace) },
    TableColumn("use") { .text($0.use.kind.rawValue) },
    TableColumn("pid", .right) { $0.use.process.map { .number(Int64($0.pid)) } ?? .none },
    TableColumn("command", rank: 1, isShortenable: true) { .text(optional: $0.use.process?.command.text) },
    TableColumn("size", .right, rank: 2) { .bytes($0.use.bytes) },
    TableColumn("effect", rank: 1) { .text($0.use.effect.rawValue) },
    TableColumn("what", isShortenable: true) { .text($0.use.path.text) },
    TableColumn("cxl-disable-region", isUsual: false) { .text(optional: $0.unguarded) },
  ]
}
