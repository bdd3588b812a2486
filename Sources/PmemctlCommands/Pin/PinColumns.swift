import PmemDevice
import PmemOutput

/// The columns of the tables of `pin list`.
enum PinColumns {
  /// A range with one of its holders; only the first of them repeats what the range is.
  struct Row {
    let range: PinnedRange
    let holder: PinHolder?
    let isFirst: Bool
  }

  static func rows(_ device: DevicePins) -> [Row] {
    device.ranges.flatMap { range in
      let holders = range.holders.isEmpty ? [nil] : range.holders.map(Optional.some)
      return holders.enumerated().map { Row(range: range, holder: $0.element, isFirst: $0.offset == 0) }
    }
  }

  static let all: [TableColumn<Row>] = [
    TableColumn("offset", .right) { own($0, .bytes($0.range.extent.offset)) },
    TableColumn("size", .right) { own($0, .bytes($0.range.extent.length)) },
    TableColumn("page", .right, rank: 3) { own($0, .bytes($0.range.pageSize)) },
    TableColumn("pins", .right) { own($0, .text(PinRendering.pins($0.range))) },
    TableColumn("refs", .right, rank: 2) { own($0, .number($0.range.references)) },
    TableColumn("kind") { own($0, .text(PinRendering.kind($0.range))) },
    TableColumn("holder", isShortenable: true) {
      .text($0.holder.map { "\($0.process)" } ?? withoutHolder($0.range))
    },
    TableColumn("evidence", rank: 1, isShortenable: true) { .text(optional: $0.holder?.evidence.text) },
    TableColumn("file", isShortenable: true, isSparse: true) { own($0, .text($0.range.file?.text ?? " ")) },
  ]

  private static func own(_ row: Row, _ cell: TableCell) -> TableCell { row.isFirst ? cell : .text(" ") }

  private static func withoutHolder(_ range: PinnedRange) -> String {
    switch range.kind {
    case .orphan: "no process left"
    case .corrupt: "a late release"
    default: "not known"
    }
  }
}
