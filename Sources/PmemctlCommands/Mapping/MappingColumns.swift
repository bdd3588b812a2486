import PmemDevice
import PmemOutput

/// The columns of `mapping list`.
enum MappingColumns {
  static let all: [TableColumn<Mapping>] = [
    TableColumn("pid", .right) { .number(Int64($0.process.pid)) },
    TableColumn("command", isShortenable: true) { .text($0.process.command.text) },
    TableColumn("start", .right, rank: 5) { .amount($0.start, String($0.start, radix: 16)) },
    TableColumn("size", .right) { .bytes($0.length) },
    TableColumn("prot", rank: 3) { .text($0.permissions) },
    TableColumn("flags", rank: 1) { .text(flags($0)) },
    TableColumn("device", rank: 1) { .text($0.device) },
    TableColumn("offset", .right, rank: 6) { .bytes($0.deviceRanges?.first?.offset) },
    TableColumn("page", .right, rank: 4) { .bytes($0.populated?.last?.pageSize) },
    TableColumn("populated", .right, rank: 2) { .bytes($0.populatedBytes) },
    TableColumn("path", isShortenable: true) { .text($0.path.text) },
  ]

  private static func flags(_ mapping: Mapping) -> String {
    let dax = mapping.isDAX.map { $0 ? "dax" : "page-cache" }
    let flags = [dax, mapping.isSync == true ? "sync" : nil, mapping.isLocked == true ? "locked" : nil]
    return flags.compactMap { $0 }.joined(separator: ",")
  }
}
