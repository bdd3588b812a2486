import PmemDevice

/// How devices are printed: key by key as ndctl does, in its order.
struct DeviceObjects {
  let style: NumberStyle
  let selection: ListSelection

  init(_ selection: ListSelection = ListSelection(), style: NumberStyle = .plain) {
    self.selection = selection
    self.style = style
  }

  /// - Parameters:
  ///   - bus: Whose.
  ///   - firmware: How that of its DIMMs is activated; nil if it is not shown, or none of them can be updated.
  /// - Returns: Its object.
  func bus(_ bus: Bus, firmware: FirmwareActivation? = nil) -> LibraryObject {
    var object = LibraryObject()
    object.add("provider", bus.provider)
    object.add("dev", bus.dev)
    object.add("scrub_state", bus.scrubState)
    if let firmware { object.add("firmware", FirmwareObject.of(firmware)) }
    return object
  }

  func dimm(_ dimm: DIMM, firmware: FirmwareReading? = nil, health: HealthReading?) -> LibraryObject {
    var object = LibraryObject()
    object.add("dev", dimm.dev)
    object.add("id", dimm.id)
    object.add("handle", dimm.handle.map { style.identifier(UInt64($0)) })
    object.add("phys_id", dimm.physicalID.map { style.identifier(UInt64($0)) })
    object.add("state", dimm.isEnabled ? nil : "disabled")
    for flag in ["failed_map", "failed_save", "failed_arm", "failed_restore", "failed_flush", "smart_event"] {
      object.add(ifTrue: "flag_\(flag)", dimm.flags.contains(flag))
    }
    object.add("security", dimm.security)
    object.add(ifTrue: "security_frozen", dimm.isSecurityFrozen)
    if let firmware = firmware?.firmware { object.add("firmware", FirmwareObject.of(firmware, style)) }
    if let health { object.add("health", HealthObject.of(health)) }
    return object
  }

  /// - Parameters:
  ///   - region: Without its namespaces.
  ///   - dimms: That its mappings are shown of; nil for none.
  /// - Returns: Its object.
  func region(_ region: Region, dimms: [DIMM]?) -> LibraryObject {
    var object = LibraryObject()
    object.add("dev", region.dev)
    object.add("size", style.size(region.size.rawValue))
    object.add("align", style.size(region.align))
    object.add("available_size", style.size(region.availableSize.rawValue))
    object.add("max_available_extent", style.size(region.maxAvailableExtent.rawValue))
    object.add("type", region.type)
    if selection.isVerbose {
      object.add("numa_node", node(region.numaNode))
      object.add("target_node", node(region.targetNode))
    }
    object.add("iset_id", region.isetID.map(style.identifier))
    if let dimms { object.add("mappings", mappings(region, dimms)) }
    object.add("state", region.isEnabled ? nil : "disabled")
    object.add("badblock_count", region.badblockCount > 0 ? region.badblockCount : nil)
    if selection.showsMediaErrors, region.resource != nil {
      object.add("badblocks", badBlocks(region.badBlocks, in: region))
    }
    if selection.showsCapabilities { object.add("capabilities", capabilities(region.capabilities)) }
    object.add("persistence_domain", region.persistenceDomain)
    return object
  }

  private func node(_ number: Int) -> Int? { number >= 0 ? number : nil }

  private func mappings(_ region: Region, _ dimms: [DIMM]) -> LibraryJSON? {
    let shown = region.mappings.filter { mapping in dimms.contains { $0.dev == mapping.dimm } }
    guard !shown.isEmpty else { return nil }
    return .array(
      shown.map { mapping in
        var object = LibraryObject()
        object.add("dimm", mapping.dimm)
        object.add("offset", style.identifier(mapping.offset))
        object.add("length", style.identifier(mapping.length))
        object.add("position", mapping.position >= 0 ? mapping.position : nil)
        return .object(object)
      })
  }

  /// - Returns: nil for a disabled region, whose kernel shows none.
  private func capabilities(_ capabilities: RegionCapabilities) -> LibraryJSON? {
    let sector = capabilities.sectorSizes
    let fsdax = capabilities.fsdaxAlignments
    let devdax = capabilities.devdaxAlignments
    // ndctl prints them only if the kernel has all three modes.
    guard !sector.isEmpty, !fsdax.isEmpty, !devdax.isEmpty else { return nil }
    let modes = [
      ("sector", "sector_sizes", sector), ("fsdax", "alignments", fsdax), ("devdax", "alignments", devdax),
    ]
    return .array(
      modes.map { mode, key, values in
        var object = LibraryObject()
        object.add("mode", mode)
        object.add(key, .array(values.map(LibraryJSON.unsigned)))
        return .object(object)
      })
  }

  // MARK: Bad blocks

  /// In blocks of 512 bytes.
  ///
  /// - Parameters:
  ///   - extents: From where the device begins.
  ///   - region: Of the device.
  /// - Returns: nil if there are none.
  func badBlocks(_ extents: [Extent], in region: Region) -> LibraryJSON? {
    guard !extents.isEmpty else { return nil }
    return .array(
      extents.map { extent in
        var object = LibraryObject()
        object.add("offset", extent.offset / 512)
        object.add("length", extent.length / 512)
        // Of an interleave set only the platform can say which DIMM has an address.
        if region.mappings.count == 1 {
          object.add("dimms", .array(region.mappings.map { .text($0.dimm) }))
        }
        return .object(object)
      })
  }
}
