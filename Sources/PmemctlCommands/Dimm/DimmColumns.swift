import PmemDevice
import PmemOutput

/// The columns of `dimm list`.
enum DimmColumns {
  struct Row {
    let listed: ListedDimm
    let bus: String
    let regions: [String]

    init(_ listed: ListedDimm, _ inventory: Inventory) {
      self.listed = listed
      let name = listed.dimm?.dev
      bus = inventory.buses.first { $0.dimms.contains { $0.dev == name } }?.dev ?? ""
      let mapped = inventory.regions.filter { $0.mappings.contains { $0.dimm == name } }.map(\.dev)
      let decoded = listed.memdev?.endpoint?.decoders.compactMap(\.region) ?? []
      regions = mapped + decoded.filter { !mapped.contains($0) }
    }

    var isEnabled: Bool { listed.dimm?.isEnabled ?? listed.memdev?.isBound ?? false }

    /// `mem0 0000:0d:00.0`.
    var memdev: String? {
      listed.memdev.map { [$0.dev, $0.host].compactMap(\.self).joined(separator: " ") }
    }
  }

  static let all: [TableColumn<Row>] = [
    TableColumn("dimm") { .text($0.listed.dev) },
    TableColumn("id", rank: 2, isShortenable: true) { .text($0.listed.id ?? "") },
    TableColumn("state") { .text($0.isEnabled ? "enabled" : "disabled") },
    TableColumn("memdev", rank: 1, isSparse: true) { .text(optional: $0.memdev) },
    TableColumn("memory", .right, rank: 2, isSparse: true) { .text(optional: $0.listed.memdev?.memory) },
    TableColumn("regions", rank: 1, isShortenable: true) { .text($0.regions.joined(separator: ",")) },
    TableColumn("free-labels", .right, rank: 3) { row in
      row.listed.dimm?.labels.map { .number(Int64($0.availableSlots)) } ?? .none
    },
    TableColumn("flags", rank: 1) { .text($0.listed.dimm?.flags.joined(separator: ",") ?? "") },
    TableColumn("bus", isUsual: false) { .text($0.bus) },
  ]
}
