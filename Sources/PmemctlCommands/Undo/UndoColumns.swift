import PmemOutput

/// The columns of `undo list`.
enum UndoColumns {
  struct Row {
    let record: UndoRecord
    let state: String
  }

  static let all: [TableColumn<Row>] = [
    TableColumn("id", .right) { .number(Int64($0.record.id)) },
    TableColumn("time", rank: 1) { .text(CalendarTime(seconds: $0.record.time).text) },
    TableColumn("state", isShortenable: true) { .text($0.state) },
    TableColumn("change", isShortenable: true) { .text($0.record.title) },
    TableColumn("steps", .right, isUsual: false) { .number(Int64($0.record.steps.count)) },
    TableColumn("undoes", .right, isUsual: false) { $0.record.undoes.map { .number(Int64($0)) } ?? .none },
  ]
}
