import PmemDevice
import PmemOutput

extension Mapping {
  /// Bytes with page table entries of any size.
  var populatedBytes: UInt64? { populated.map { $0.reduce(0) { $0 + $1.bytes } } }

  var json: JSONObject {
    var object = JSONObject()
    object.add(process)
    object.add("start", start)
    object.add("end", end)
    object.add("path", raw: path)
    object.add("offset", offset)
    object.add("device", device)
    object.add("namespaces", namespaces.map(JSON.string))
    object.add("device_ranges", deviceRanges?.map { .object($0.json) })
    object.add(
      "namespace_ranges",
      namespaceRanges?.map { range in
        var object = JSONObject()
        object.add("namespace", range.namespace)
        object.add("offset", range.extent.offset)
        object.add("length", range.extent.length)
        return .object(object)
      })
    object.add("dax", isDAX)
    object.add("protection", String(permissions.prefix(3)))
    object.add("shared", isShared)
    object.add("sync", isSync)
    object.add("locked", isLocked)
    object.add("page_size", populated?.last?.pageSize)
    object.add("populated", populatedBytes)
    object.add(
      "page_sizes",
      populated?.map { pages in
        var size = JSONObject()
        size.add("page_size", pages.pageSize)
        size.add("populated", pages.bytes)
        return .object(size)
      })
    return object
  }
}

extension Usage {
  var json: JSONObject {
    var object = JSONObject()
    object.add("namespace", namespace)
    object.add("kind", kind.rawValue)
    if let process { object.add(process) }
    object.add("path", raw: path)
    object.add("size", bytes)
    if let blocks {
      object.add("blocks", blocks.total)
      object.add("blocks_online", blocks.online)
      object.add("blocks_movable", blocks.movable)
      object.add("block_size", blocks.size)
    }
    object.add("opens", opens)
    object.add("effect", effect.rawValue)
    object.add("advice", advice)
    return object
  }
}

extension Extent {
  var json: JSONObject {
    var object = JSONObject()
    object.add("offset", offset)
    object.add("length", length)
    return object
  }
}

extension JSONObject {
  mutating func add(_ process: ProcessName) {
    add("pid", process.pid)
    add("comm", raw: process.command)
  }

  /// Text of any bytes: if it is not UTF-8, the bytes are included in hexadecimal.
  mutating func add(_ key: String, raw text: RawText) {
    add(key, text.text)
    guard text.exact == nil else { return }
    let digits = text.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    add(key + "_bytes", digits.joined())
  }
}
