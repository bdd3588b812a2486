import ArgumentParser
import PmemDevice
import PmemMedia
import PmemOutput

struct InfoBlockRead: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "read", abstract: "Read the info blocks of disabled namespaces, or of a file.")

  @OptionGroup var which: InfoBlockSelection
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let locations = try which.locations(context, machine)
    guard !output.json else {
      return try context.out.write(JSON.array(locations.map { .object($0.json) }).text)
    }
    try context.out.write(locations.map(\.text).joined(separator: "\n"))
  }
}

extension InfoBlockLocation {
  /// ndctl's keys (`ndctl read-infoblock -j`): of pfn and dax `signature`, `uuid`, `parent_uuid`, `flags`, `version`,
  /// `dataoff`, `npfns`, `mode`, `start_pad`, `end_trunc`, `align`, `page_size`, `page_struct_size`; of btt
  /// `external_lbasize` and so on. `dev` or `file` says where; `error` why a block is damaged.
  var json: JSONObject {
    var object = JSONObject()
    object.add(isFile ? "file" : "dev", name)
    switch identity.block {
    case .pfn(let block): object.add(block)
    case .btt(let block): object.add(block)
    case nil: object.add("error", identity.trouble)
    }
    return object
  }

  var text: String {
    var list = PropertyList()
    list.add(isFile ? "file" : "namespace", name)
    guard identity.block != nil else {
      list.add("info block", identity.trouble.map { "damaged: \($0)" } ?? "none: raw")
      return list.text
    }
    for member in json.members.dropFirst() {
      let value =
        switch member.value {
        case .string(let text): text
        case .unsigned(let number): "\(number)"
        case .integer(let number): "\(number)"
        default: ""
        }
      list.add(member.key, value)
    }
    return list.text
  }
}

extension JSONObject {
  fileprivate mutating func add(_ block: PfnInfoBlock) {
    add("signature", block.kind.rawValue)
    add("uuid", block.uuid.description)
    add("parent_uuid", block.parentUUID.description)
    add("flags", UInt64(block.flags))
    add("version", "1.\(block.minorVersion)")
    add("dataoff", block.dataOffset)
    add("npfns", block.pageCount)
    add("mode", UInt64(block.map == .mem ? 1 : 2))
    add("start_pad", UInt64(block.startPad))
    add("end_trunc", UInt64(block.endTruncation))
    add("align", block.align)
    add("page_size", UInt64(block.pageSize))
    add("page_struct_size", UInt64(block.structPageSize))
  }

  fileprivate mutating func add(_ block: BttInfoBlock) {
    add("signature", "BTT_ARENA_INFO")
    add("uuid", block.uuid.description)
    add("parent_uuid", block.parentUUID.description)
    add("flags", UInt64(block.flags))
    add("version", block.version == .v1 ? "1.1" : "2.0")
    add("external_lbasize", UInt64(block.externalBlockSize))
    add("external_nlba", UInt64(block.externalBlocks))
    add("internal_lbasize", UInt64(block.internalBlockSize))
    add("internal_nlba", UInt64(block.internalBlocks))
    add("nfree", UInt64(block.freeBlocks))
    add("infosize", UInt64(BttInfoBlock.size))
    add("nextoff", block.nextOffset)
    add("dataoff", block.dataOffset)
    add("mapoff", block.mapOffset)
    add("logoff", block.logOffset)
    add("info2off", block.info2Offset)
  }
}
