import PmemDevice
import PmemOutput

/// What `device list` can show.
enum DeviceColumns {
  static let all: [TableColumn<PlacedDaxDevice>] = [
    TableColumn("device") { .text($0.device.chardev) },
    TableColumn("size", .right) { .bytes($0.device.size) },
    TableColumn("align", .right, rank: 4) { .bytes($0.device.align > 0 ? $0.device.align : nil) },
    TableColumn("mode") { .text(optional: $0.device.isEnabled ? $0.device.mode.rawValue : nil) },
    TableColumn("node", .right, rank: 3) {
      $0.device.targetNode < 0 ? .none : .number(Int64($0.device.targetNode))
    },
    TableColumn("namespace", rank: 2) { .text(optional: $0.namespace?.dev) },
    TableColumn("name", rank: 1, isShortenable: true) { .text(optional: $0.namespace?.name) },
    TableColumn("state") { .text(state($0.device)) },
  ]

  private static func state(_ device: DaxDevice) -> String {
    guard device.isEnabled else { return "disabled" }
    guard let memory = device.memory else { return "enabled" }
    guard memory.online > 0 else { return "offline, \(memory.total) blocks" }
    let zone = memory.movable == memory.online ? "movable" : "not movable"
    return "\(memory.online) of \(memory.total) blocks online, \(zone)"
  }
}
