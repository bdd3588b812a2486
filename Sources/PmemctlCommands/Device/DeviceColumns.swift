import PmemDevice
import PmemOutput

/// The columns of `device list`.
enum DeviceColumns {
  struct Row {
    let placed: DaxDeviceLocation
    let cxl: CxlRegion?

    init(_ placed: DaxDeviceLocation, _ inventory: Inventory) {
      self.placed = placed
      cxl = inventory.cxlRegion(of: placed)
    }

    var device: DaxDevice { placed.device }

    var json: JSON {
      var object = device.json(namespace: placed.namespace?.dev)
      object.add("source", placed.source?.rawValue)
      object.add("cxl", cxl?.json)
      return .object(object)
    }
  }

  static let all: [TableColumn<Row>] = [
    TableColumn("device") { .text($0.device.chardev) },
    TableColumn("size", .right) { .bytes($0.device.size) },
    TableColumn("align", .right, rank: 4) { .bytes($0.device.align > 0 ? $0.device.align : nil) },
    TableColumn("mode") { .text(optional: $0.device.isEnabled ? $0.device.mode.rawValue : nil) },
    TableColumn("node", .right, rank: 3) {
      $0.device.targetNode < 0 ? .none : .number(Int64($0.device.targetNode))
    },
    TableColumn("namespace", rank: 2) { .text(optional: $0.placed.namespace?.dev) },
    TableColumn("name", rank: 1, isShortenable: true) { .text(optional: $0.placed.namespace?.name) },
    TableColumn("source", rank: 1, isSparse: true) { .text(optional: $0.placed.source?.rawValue) },
    TableColumn("cxl", rank: 1, isSparse: true) { .text(optional: $0.cxl?.dev) },
    TableColumn("state") { .text(state($0.device)) },
  ]

  static func state(_ device: DaxDevice) -> String {
    guard device.isEnabled else { return "disabled" }
    guard let memory = device.memory else { return "enabled" }
    guard memory.online > 0 else { return "offline, \(memory.total) blocks" }
    let zone = memory.movable == memory.online ? "movable" : "not movable"
    return "\(memory.online) of \(memory.total) blocks online, \(zone)"
  }
}
