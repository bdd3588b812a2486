import PmemDevice
import PmemOutput

// Keys are ndctl's and daxctl's if they have one, in their order; our own come after. A key that ndctl leaves out
// (because the device has no such property) is left out here too.

extension Inventory {
  /// Everything, as `status --json` gives it.
  ///
  /// - Parameters:
  ///   - backend: Its kind.
  ///   - showsIdle: Includes idle devices, which have no size.
  ///   - missing: What could not be seen.
  ///   - health: By kernel name of the DIMM: `health_verdict` of those that can be asked, or have flags.
  /// - Returns: An object.
  func json(
    backend: String, showsIdle: Bool, missing: [Unseen], health: [String: HealthVerdict]
  ) -> JSON {
    var object = JSONObject()
    object.add("backend", backend)
    object.add("kernel", host.kernelRelease)
    object.add("buses", buses.map { .object($0.json(showsIdle: showsIdle, health: health)) })
    object.add("daxregions", otherDaxRegions.map { .object($0.json) })
    object.add("cxl", cxl.json)
    missing.add(to: &object)
    return .object(object)
  }
}

extension Bus {
  /// The bus by itself.
  var json: JSONObject {
    var object = JSONObject()
    object.add("provider", provider)
    object.add("dev", dev)
    object.add("scrub_state", scrubState)
    return object
  }

  /// The bus with all that is on it.
  func json(showsIdle: Bool, health: [String: HealthVerdict]) -> JSONObject {
    var object = json
    object.add(
      "dimms",
      dimms.map { dimm in
        var object = dimm.json
        if let level = health[dimm.dev]?.level, level != .notSupported, level != .notPermitted {
          object.add("health_verdict", level.rawValue)
        }
        return .object(object)
      })
    object.add("regions", regions.map { .object($0.json(showsIdle: showsIdle)) })
    return object
  }
}

extension DIMM {
  var json: JSONObject {
    var object = JSONObject()
    object.add("dev", dev)
    object.add("id", id)
    object.add("handle", handle.map { Int($0) })
    object.add("phys_id", physicalID.map { Int($0) })
    if !isEnabled { object.add("state", "disabled") }
    for flag in flags { object.add("flag_\(flag)", true) }
    object.add("security", security)
    if isSecurityFrozen { object.add("security_frozen", true) }
    object.add("available_slots", labels?.availableSlots)
    return object
  }
}

extension Region {
  /// The region by itself.
  var json: JSONObject {
    var object = JSONObject()
    object.add("dev", dev)
    object.add("size", size.rawValue)
    object.add("resource", resource)
    object.add("align", align)
    object.add("available_size", availableSize.rawValue)
    object.add("max_available_extent", maxAvailableExtent.rawValue)
    object.add("type", type)
    if numaNode >= 0 { object.add("numa_node", numaNode) }
    if targetNode >= 0 { object.add("target_node", targetNode) }
    object.add("iset_id", isetID)
    object.add("mappings", mappings.isEmpty ? nil : mappings.map { .object($0.json) })
    if !isEnabled { object.add("state", "disabled") }
    if badblockCount > 0 { object.add("badblock_count", badblockCount) }
    if !badBlocks.isEmpty { object.add("badblocks", badBlocks.map(\.badBlockJSON)) }
    object.add("capabilities", capabilities.json)
    object.add("persistence_domain", persistenceDomain)
    object.add("labeled", isLabeled)
    if isReadOnly { object.add("read_only", true) }
    return object
  }

  /// The region with its namespaces.
  func json(showsIdle: Bool) -> JSONObject {
    var object = json
    let shown = showsIdle ? namespaces : configuredNamespaces
    object.add("namespaces", shown.map { .object($0.json) })
    return object
  }
}

extension RegionMapping {
  var json: JSONObject {
    var object = JSONObject()
    object.add("dimm", dimm)
    object.add("offset", offset)
    object.add("length", length)
    object.add("position", position)
    return object
  }
}

extension RegionCapabilities {
  /// As ndctl: all modes or none.
  var json: [JSON]? {
    guard !sectorSizes.isEmpty, !fsdaxAlignments.isEmpty, !devdaxAlignments.isEmpty else { return nil }
    return [
      Self.mode("sector", "sector_sizes", sectorSizes), Self.mode("fsdax", "alignments", fsdaxAlignments),
      Self.mode("devdax", "alignments", devdaxAlignments),
    ]
  }

  private static func mode(_ name: String, _ key: String, _ values: [UInt64]) -> JSON {
    var object = JSONObject()
    object.add("mode", name)
    object.add(key, values.map(JSON.unsigned))
    return .object(object)
  }
}

extension Namespace {
  var json: JSONObject {
    var object = JSONObject()
    object.add("dev", dev)
    object.add("mode", mode.rawValue)
    if map != .none { object.add("map", map.rawValue) }
    object.add("size", size.rawValue)
    object.add("uuid", uuid?.description)
    object.add("raw_uuid", rawUUID?.description)
    object.add("daxregion", daxRegion?.json)
    object.add("sector_size", sectorSize)
    object.add("align", align)
    object.add("blockdev", blockDevice)
    if !isEnabled { object.add("state", "disabled") }
    object.add("name", name)
    if numaNode >= 0 { object.add("numa_node", numaNode) }
    if targetNode >= 0 { object.add("target_node", targetNode) }
    if badblockCount > 0 { object.add("badblock_count", badblockCount) }
    object.add("raw_size", rawSize.rawValue)
    object.add("region", "region\(regionID)")
    object.add("resource", resource)
    return object
  }
}

extension DaxRegion {
  /// As ndctl nests it in a namespace.
  var json: JSONObject {
    var object = JSONObject()
    object.add("id", id)
    object.add("size", size.rawValue)
    if align > 0 { object.add("align", align) }
    object.add("devices", devices.map { .object($0.json) })
    return object
  }
}

extension DaxDevice {
  var json: JSONObject {
    var object = JSONObject()
    object.add("chardev", chardev)
    object.add("size", size.rawValue)
    if targetNode >= 0 { object.add("target_node", targetNode) }
    object.add("align", align)
    object.add("mode", mode.rawValue)
    if let memory {
      object.add("online_memblocks", memory.online)
      object.add("total_memblocks", memory.total)
      if memory.online > 0 { object.add("movable", memory.movable == memory.online) }
    }
    if !isEnabled { object.add("state", "disabled") }
    return object
  }

  /// As `daxctl list -M` shows it, with the namespace it belongs to.
  func json(namespace: String?) -> JSONObject {
    var object = json
    object.add("mappings", mappings.map { .object($0.json) })
    object.add("namespace", namespace)
    return object
  }
}

extension DaxRange {
  var json: JSONObject {
    var object = JSONObject()
    object.add("page_offset", pageOffset)
    object.add("start", start)
    object.add("end", end)
    object.add("size", end &- start &+ 1)
    return object
  }
}

extension Extent {
  /// As ndctl writes bad blocks: in blocks of 512 bytes.
  var badBlockJSON: JSON {
    var object = JSONObject()
    object.add("offset", offset / 512)
    object.add("length", length / 512)
    return .object(object)
  }
}
