import PmemDevice
import PmemOutput

/// What `user list` can show.
enum UserColumns {
  static let all: [TableColumn<Usage>] = [
    TableColumn("namespace") { .text($0.namespace) },
    TableColumn("use") { .text($0.kind.rawValue) },
    TableColumn("pid", .right) { $0.process.map { .number(Int64($0.pid)) } ?? .none },
    TableColumn("command", rank: 1, isShortenable: true) { .text(optional: $0.process?.command.text) },
    TableColumn("size", .right, rank: 2) { .bytes($0.bytes) },
    TableColumn("effect", rank: 1) { .text($0.effect.rawValue) },
    TableColumn("what", isShortenable: true) { .text($0.path.text) },
  ]
}
