import PmemDevice
import PmemOutput

/// The columns of `bus scrub status`.
enum ScrubColumns {
  static let all: [TableColumn<ScrubReport>] = [
    TableColumn("bus") { .text($0.bus.dev) },
    TableColumn("provider", isShortenable: true) { .text($0.bus.provider) },
    TableColumn("scrub") { .text($0.scrub.state?.rawValue ?? "not supported") },
    TableColumn("completed", .right) { report in
      report.scrub.state == nil ? .none : .number(Int64(report.scrub.completed))
    },
    TableColumn("since", rank: 1) { .text(optional: $0.since.map { CalendarTime(seconds: $0).text }) },
    TableColumn("badblocks", .right) { .number(Int64($0.badBlocks)) },
    TableColumn("new", .right, rank: 2) { report in report.found.map { .number(Int64($0)) } ?? .none },
  ]
}
