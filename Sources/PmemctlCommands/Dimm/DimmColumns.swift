import PmemDevice
import PmemOutput

/// What `dimm list` can show.
enum DimmColumns {
  struct Row {
    let dimm: DIMM
    let bus: String
    let regions: [String]

    init(dimm: DIMM, _ inventory: Inventory) {
      self.dimm = dimm
      bus = inventory.buses.first { $0.dimms.contains { $0.dev == dimm.dev } }?.dev ?? ""
      regions = inventory.regions.filter { $0.mappings.contains { $0.dimm == dimm.dev } }.map(\.dev)
    }
  }

  static let all: [TableColumn<Row>] = [
    TableColumn("dimm") { .text($0.dimm.dev) },
    TableColumn("id", rank: 2, isShortenable: true) { .text($0.dimm.id ?? "") },
    TableColumn("state") { .text($0.dimm.isEnabled ? "enabled" : "disabled") },
    TableColumn("regions", rank: 1, isShortenable: true) { .text($0.regions.joined(separator: ",")) },
    TableColumn("free-labels", .right, rank: 3) { row in
      row.dimm.labels.map { .number(Int64($0.availableSlots)) } ?? .none
    },
    TableColumn("flags", rank: 1) { .text($0.dimm.flags.joined(separator: ",")) },
    TableColumn("bus", isUsual: false) { .text($0.bus) },
  ]
}
