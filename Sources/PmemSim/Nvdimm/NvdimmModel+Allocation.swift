import PmemDevice
import PmemMedia

extension NvdimmModel {
  /// Writes uuid, alt_name, size and sector_size of an idle namespace device, as ndctl does in that order.
  func allocate(_ index: Int, _ id: Int, _ request: Allocation) throws {
    let number = try namespaceIndex(index, id)
    var namespace = regions[index].namespaces[number]
    guard isLabeled(index) else {
      throw KernelRefusal(6, "the region has no labels (namespace_io has no uuid)")
    }
    guard !namespace.isEnabled, namespace.claim == nil else {
      throw KernelRefusal(16, "the namespace is in use")
    }
    guard namespace.size == 0 else { throw KernelRefusal(16, "the namespace has a size already") }
    // bus.c:nd_is_uuid_unique
    guard !isUUIDTaken(request.uuid) else { throw KernelRefusal(22, "uuid \(request.uuid) is taken") }
    // namespace_devs.c:__alt_name_store
    guard (request.name ?? "").utf8.count <= NamespaceCreateRequest.longestName else {
      throw KernelRefusal(22, "the name is too long")
    }
    let size = request.size.rawValue
    guard size > 0 else { throw KernelRefusal(22, "a namespace needs a size") }
    let align = topology.regions[index].align
    guard size % align == 0 else { throw KernelRefusal(22, "\(size) is not \(align >> 10)K aligned") }
    // __size_store: against the largest piece, then the first that is large enough.
    guard let extent = freeExtents(index).first(where: { $0.length >= size }) else {
      throw KernelRefusal(28, "no extent of \(size) bytes is free")
    }
    if let sectorSize = request.sectorSize, ![512, 4096].contains(sectorSize) {
      throw KernelRefusal(22, "sector size \(sectorSize) is not supported")
    }
    namespace.uuid = request.uuid
    namespace.name = request.name ?? ""
    namespace.offset = extent.offset
    namespace.size = size
    namespace.sectorSize = request.sectorSize ?? namespace.sectorSize
    do {
      try updateLabels(index, namespace)
    } catch {
      // Some DIMMs of the set may have theirs already.
      for dimm in topology.regions[index].dimms { try? labels[dimm]?.remove(request.uuid) }
      throw error
    }
    regions[index].namespaces[number] = namespace
  }

  /// Writes size 0: the labels go, and the device too unless it is number 0 or the seed (__size_store).
  func free(_ index: Int, _ id: Int) throws {
    let number = try namespaceIndex(index, id)
    var namespace = regions[index].namespaces[number]
    guard !namespace.isEnabled, namespace.claim == nil else {
      throw KernelRefusal(16, "the namespace is in use")
    }
    guard isLabeled(index) else { throw KernelRefusal(6, "a label-less namespace cannot be deleted") }
    if let uuid = namespace.uuid {
      for dimm in topology.regions[index].dimms { try labels[dimm]?.remove(uuid) }
    }
    namespace.size = 0
    namespace.offset = 0
    namespace.uuid = nil
    regions[index].namespaces[number] = namespace
    if id != 0, regions[index].seed != id { regions[index].namespaces.remove(at: number) }
  }

  /// Writes alt_name (namespace_devs.c:alt_name_store).
  func rename(_ index: Int, _ id: Int, _ name: String) throws {
    let number = try namespaceIndex(index, id)
    var namespace = regions[index].namespaces[number]
    guard isLabeled(index) else { throw KernelRefusal(6, "a label-less namespace has no name") }
    guard !namespace.isEnabled, namespace.claim == nil else {
      throw KernelRefusal(16, "the namespace is in use")
    }
    guard name.utf8.count <= NamespaceCreateRequest.longestName else {
      throw KernelRefusal(22, "the name is too long")
    }
    namespace.name = name
    if namespace.size > 0 { try updateLabels(index, namespace) }
    regions[index].namespaces[number] = namespace
  }

  /// Writes the uuid of a namespace that has labels (namespace_devs.c:uuid_store, namespace_update_uuid): each label is written
  /// with the new one, then the old one is freed (label.c:__pmem_label_update, ND_LABEL_REAP).
  func identify(_ index: Int, _ id: Int, _ uuid: DeviceUUID) throws {
    let number = try namespaceIndex(index, id)
    var namespace = regions[index].namespaces[number]
    guard isLabeled(index) else { throw KernelRefusal(6, "a label-less namespace has no uuid") }
    guard !namespace.isEnabled, namespace.claim == nil else {
      throw KernelRefusal(16, "the namespace is in use")
    }
    guard let old = namespace.uuid, namespace.size > 0 else {
      throw KernelRefusal(6, "the namespace has no label")
    }
    guard uuid != old else { return }
    guard !isUUIDTaken(uuid) else { throw KernelRefusal(22, "uuid \(uuid) is taken") }
    namespace.uuid = uuid
    try updateLabels(index, namespace, replacing: old)
    regions[index].namespaces[number] = namespace
  }

  /// Writes the size of a namespace that has one (__size_store): it shrinks at its end, and grows into the first hole
  /// beside it that is large enough, which can be the one before.
  func resize(_ index: Int, _ id: Int, _ size: UInt64) throws {
    let number = try namespaceIndex(index, id)
    var namespace = regions[index].namespaces[number]
    guard !namespace.isEnabled, namespace.claim == nil else {
      throw KernelRefusal(16, "the namespace is in use")
    }
    guard isLabeled(index), namespace.uuid != nil, namespace.size > 0 else {
      throw KernelRefusal(6, "the namespace has no label")
    }
    guard size > 0 else { throw KernelRefusal(22, "a namespace needs a size") }
    let align = topology.regions[index].align
    guard size % align == 0 else { throw KernelRefusal(22, "\(size) is not \(align >> 10)K aligned") }
    guard size != namespace.size else { return }
    if size > namespace.size {
      let present = NamespaceExtent(offset: namespace.offset, size: namespace.size)
      let holes = freeExtents(index)
      guard size - namespace.size <= holes.map(\.length).max() ?? 0 else {
        throw KernelRefusal(28, "no extent of \(size - namespace.size) bytes is free")
      }
      // The kernel would then take space that is not beside it (scan_allocate falls back on init_dpa_allocation).
      guard let grown = present.grown(to: size, holes: holes) else {
        throw KernelRefusal(6, "there is no room for \(size - namespace.size) bytes beside the namespace")
      }
      namespace.offset = grown.offset
    }
    namespace.size = size
    try updateLabels(index, namespace)
    regions[index].namespaces[number] = namespace
  }

  /// label.c:nd_pmem_namespace_label_update: first a label on every DIMM that is marked as being updated,
  /// then on every DIMM one that is not.
  func updateLabels(_ index: Int, _ namespace: SimNamespace, replacing old: DeviceUUID? = nil) throws {
    guard let uuid = namespace.uuid else { return }
    let region = topology.regions[index]
    let cookie = topology.cookie(of: region, version: labelVersion(index))
    for flags in [NamespaceLabel.updating, 0] {
      for (position, dimm) in region.dimms.enumerated() {
        var label = NamespaceLabel(
          uuid: uuid, name: namespace.name, flags: flags, labelCount: UInt16(region.dimms.count),
          position: UInt16(position), setCookie: cookie, sectorSize: namespace.sectorSize,
          dpa: region.offset(at: position) + namespace.offset / region.ways,
          rawSize: namespace.size / region.ways,
          slot: 0,
          claimClass: namespace.claimClass)
        if region.isCxl { label.typeGUID = NamespaceLabel.cxlMemory }
        try labels[dimm]?.update(label, replacing: old)
      }
    }
  }

  private func isUUIDTaken(_ uuid: DeviceUUID) -> Bool {
    regions.contains { region in
      region.namespaces.contains { $0.uuid == uuid || $0.claim?.uuid == uuid }
    }
  }
}
