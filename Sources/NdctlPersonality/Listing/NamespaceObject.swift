import PmemDevice

extension DeviceObjects {
  func namespace(_ namespace: Namespace, in region: Region) -> LibraryObject {
    var object = LibraryObject()
    object.add("dev", namespace.dev)
    object.add("mode", namespace.mode.rawValue)
    if namespace.mode.hasMemoryMap { object.add("map", namespace.map.rawValue) }
    object.add("size", style.size(namespace.size.rawValue))
    addIdentity(of: namespace, in: region, to: &object)
    object.add("sector_size", namespace.mode == .devdax ? nil : namespace.sectorSize)
    object.add("align", namespace.align)
    object.add("blockdev", namespace.blockDevice)
    object.add("state", namespace.isEnabled ? nil : "disabled")
    object.add("name", namespace.name)
    if selection.isVerbose {
      object.add("numa_node", namespace.numaNode >= 0 ? namespace.numaNode : nil)
      object.add("target_node", namespace.targetNode >= 0 ? namespace.targetNode : nil)
    }
    addBadBlocks(of: namespace, in: region, to: &object)
    return object
  }

  /// UUIDs, and the DAX device between them and the rest.
  private func addIdentity(of namespace: Namespace, in region: Region, to object: inout LibraryObject) {
    if namespace.holder != nil {
      object.add("uuid", (namespace.uuid ?? .null).description)
      if selection.isVerbose, let label = namespace.rawUUID, !label.isNull {
        object.add("raw_uuid", label.description)
      }
    } else if region.isLabeled {
      object.add("uuid", (namespace.uuid ?? .null).description)
    }
    guard let dax = namespace.daxRegion else { return }
    if selection.showsDax {
      object.add(
        "daxregion", .object(DaxObjects(style: style).region(dax, path: false, devices: dax.devices)))
    } else {
      object.add("chardev", dax.devices.first?.chardev)
    }
  }

  private func addBadBlocks(of namespace: Namespace, in region: Region, to object: inout LibraryObject) {
    guard let resource = region.resource, !region.badBlocks.isEmpty else { return }
    let found: [Extent]
    if namespace.holder == nil {
      // ndctl shows those of the whole region here.
      found = region.badBlocks
    } else {
      guard let start = namespace.resource, start >= resource else { return }
      let overhead = namespace.mode == .sector ? 0 : dataOffset(of: namespace)
      let size = namespace.mode == .sector ? namespace.rawSize : namespace.size
      let usable = Extent(offset: start - resource + overhead, length: size.rawValue)
      found = region.badBlocks.compactMap { $0.intersection(usable) }.map {
        Extent(offset: $0.offset - usable.offset, length: $0.length)
      }
    }
    let count = found.reduce(0) { $0 + $1.length } / 512
    object.add("badblock_count", count > 0 ? count : nil)
    guard selection.showsMediaErrors, namespace.mode != .sector else { return }
    object.add("badblocks", badBlocks(found, in: region))
  }

  /// Where the data of a namespace with a memory map begin: what is lost at its end is less than the alignment.
  private func dataOffset(of namespace: Namespace) -> UInt64 {
    let (raw, usable) = (namespace.rawSize.rawValue, namespace.size.rawValue)
    guard raw > usable, let align = namespace.align, align > 0, let start = namespace.resource else {
      return 0
    }
    let lost = (start &+ raw) % max(align, 2 << 20)
    return raw - usable > lost ? raw - usable - lost : raw - usable
  }
}
