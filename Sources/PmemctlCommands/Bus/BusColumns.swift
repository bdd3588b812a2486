import PmemDevice
import PmemOutput

/// The columns of `bus list`.
enum BusColumns {
  static let all: [TableColumn<Bus>] = [
    TableColumn("bus") { .text($0.dev) },
    TableColumn("provider", isShortenable: true) { .text($0.provider) },
    TableColumn("dimms", .right) { .number(Int64($0.dimms.count)) },
    TableColumn("regions", .right) { .number(Int64($0.regions.count)) },
    TableColumn("namespaces", .right, rank: 1) {
      .number(Int64($0.regions.flatMap(\.configuredNamespaces).count))
    },
    TableColumn("scrub", rank: 2) { .text(optional: $0.scrubState) },
  ]
}
