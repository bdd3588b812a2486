import PmemDevice

/// How DAX regions and devices are printed.
struct DaxObjects {
  var style: NumberStyle = .plain
  var showsMappings = false
  var showsIdle = false

  /// - Parameters:
  ///   - region: Any.
  ///   - path: Whether its path is printed; ndctl leaves it out.
  ///   - devices: Those shown; nil for none.
  /// - Returns: Its object.
  func region(_ region: DaxRegion, path: Bool, devices: [DaxDevice]?) -> LibraryObject {
    var object = LibraryObject()
    if path { object.add("path", region.path ?? "") }
    object.add("id", region.id)
    object.add("size", style.size(region.size.rawValue))
    if let free = region.availableSize, free != .zero {
      object.add("available_size", style.size(free.rawValue))
    }
    object.add("align", region.align > 0 ? region.align : nil)
    if let shown = devices?.filter(isShown), !shown.isEmpty {
      object.add("devices", .array(shown.map { .object(device($0)) }))
    }
    return object
  }

  /// Devices without a size are not, but for `--idle`.
  func isShown(_ device: DaxDevice) -> Bool { showsIdle || device.size != .zero }

  func device(_ device: DaxDevice) -> LibraryObject {
    var object = LibraryObject()
    object.add("chardev", device.chardev)
    object.add("size", style.size(device.size.rawValue))
    object.add("target_node", device.targetNode >= 0 ? device.targetNode : nil)
    object.add("align", device.align > 0 ? style.size(device.align) : nil)
    object.add("mode", device.mode.rawValue)
    if let memory = device.memory {
      object.add("online_memblocks", memory.online)
      object.add("total_memblocks", memory.total)
      object.add("movable", memory.online == 0 ? nil : memory.movable == memory.online)
    }
    object.add("state", device.isEnabled ? nil : "disabled")
    if showsMappings, !device.mappings.isEmpty {
      object.add("mappings", .array(device.mappings.map { .object(mapping($0)) }))
    }
    return object
  }

  private func mapping(_ range: DaxRange) -> LibraryObject {
    var object = LibraryObject()
    object.add("page_offset", style.identifier(range.pageOffset))
    object.add("start", style.identifier(range.start))
    object.add("end", style.identifier(range.end))
    object.add("size", style.size(range.end &- range.start &+ 1))
    return object
  }
}
