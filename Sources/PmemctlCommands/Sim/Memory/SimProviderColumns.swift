import PmemOutput
import PmemSim

/// The columns of `sim provider list`.
enum SimProviderColumns {
  static let all: [TableColumn<SimWorkload.Provider>] = [
    TableColumn("name", isShortenable: true) { .text($0.name) },
    TableColumn("kind") { .text($0.kind) },
    TableColumn("pages", .right) { .number(Int64($0.pages)) },
    TableColumn("present", .right, rank: 1) { .number(Int64($0.present)) },
    TableColumn("fetching", .right, rank: 1) { .number(Int64($0.fetching)) },
    TableColumn("pool", .right, rank: 2) { .number(Int64($0.pool)) },
    TableColumn("calls", .right, rank: 2) { .number(Int64($0.calls)) },
    TableColumn("sleeps", .right, rank: 2) { .number(Int64($0.sleeps)) },
  ]
}
