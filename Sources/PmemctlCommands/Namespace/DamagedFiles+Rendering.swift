import PmemDevice
import PmemOutput

extension DamagedFiles {
  /// Keys: `badblocks` [{`offset`, `length`}] of the device, `damaged_files` [{`path`, `offset`, `length`}],
  /// `unplaced_badblock_count`, `not_searched`.
  func add(to object: inout JSONObject) {
    if !blocks.isEmpty { object.add("badblocks", blocks.map(\.badBlockJSON)) }
    object.add(
      "damaged_files",
      parts.map { part in
        var item = JSONObject()
        item.add("path", part.path.text)
        item.add("offset", part.extent.offset)
        item.add("length", part.extent.length)
        return .object(item)
      })
    object.add("unplaced_badblock_count", unplaced / 512)
    if !missing.isEmpty { object.add("not_searched", missing.map { .string($0) }) }
  }

  func add(to list: inout PropertyList) {
    for block in blocks {
      list.add("bad range", "block \(block.offset / 512), \(counted(block.length / 512, "block"))")
    }
    for part in parts {
      list.add(
        "damaged file",
        "\(part.path.text.sanitized), \(ByteCount(part.extent.length)) at byte \(part.extent.offset)")
    }
    guard unplaced > 0 else { return }
    list.add("damaged besides", "\(counted(unplaced / 512, "bad block")) in no file that was found")
  }
}
