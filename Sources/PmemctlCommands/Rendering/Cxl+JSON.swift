import PmemDevice
import PmemOutput

// Keys are cxl-cli's if it has them, in its order; our own come after. Unknown values are left out.

extension CxlTopology {
  /// Keys: `memdevs`, `decoders` [windows, with their `regions`].
  var json: JSONObject {
    var object = JSONObject()
    object.add("memdevs", memdevs.map { .object($0.json) })
    object.add("decoders", windows.map { .object($0.json) })
    return object
  }
}

extension CxlMemdev {
  var json: JSONObject {
    var object = JSONObject()
    object.add("memdev", dev)
    object.add("pmem_size", pmemSize?.rawValue)
    object.add("ram_size", ramSize?.rawValue)
    object.add("serial", serial)
    if numaNode >= 0 { object.add("numa_node", numaNode) }
    object.add("host", host)
    if !isBound { object.add("state", "disabled") }
    object.add("firmware_version", firmware)
    object.add("label_storage_size", labelSize?.rawValue)
    object.add("security", security)
    object.add("dimm", dimm)
    object.add("endpoint", endpoint?.dev)
    object.add("ports", endpoint?.ports.map(JSON.string))
    object.add("target", endpoint?.target)
    object.add("decoders", endpoint?.decoders.map { .object($0.json) })
    return object
  }
}

extension CxlDecoder {
  var json: JSONObject {
    var object = JSONObject()
    object.add("decoder", dev)
    object.add("region", region)
    object.add("dpa_resource", dpaStart)
    object.add("dpa_size", dpaSize?.rawValue)
    object.add("mode", kind?.rawValue)
    return object
  }
}

extension CxlWindow {
  var json: JSONObject {
    var object = JSONObject()
    object.add("decoder", dev)
    object.add("resource", start)
    object.add("size", size?.rawValue)
    object.add("interleave_ways", ways)
    object.add("interleave_granularity", granularity)
    object.add("max_available_extent", largestFreePiece?.rawValue)
    object.add("pmem_capable", kinds.contains(.pmem))
    object.add("volatile_capable", kinds.contains(.ram))
    object.add("root", root)
    object.add("available_size", freeSize?.rawValue)
    object.add("next_region", nextRegion)
    object.add("targets", targets.map { .integer(Int64($0)) })
    object.add("regions", regions.map { .object($0.json) })
    return object
  }
}

extension CxlRegion {
  var json: JSONObject {
    var object = JSONObject()
    object.add("region", dev)
    object.add("resource", resource)
    object.add("size", size?.rawValue)
    object.add("type", kind?.rawValue)
    object.add("interleave_ways", ways)
    object.add("interleave_granularity", granularity)
    object.add("decode_state", isCommitted.map { $0 ? "commit" : "reset" })
    if !isBound { object.add("state", "disabled") }
    object.add("mappings", members.map { .object($0.json) })
    object.add("uuid", uuid?.description)
    object.add("window", window)
    object.add("dax_devices", daxDevices.map(JSON.string))
    return object
  }
}

extension CxlMember {
  var json: JSONObject {
    var object = JSONObject()
    object.add("position", position)
    object.add("memdev", memdev)
    object.add("decoder", decoder)
    return object
  }
}

extension ListedRegion {
  /// libnvdimm's region as ``Region/json``, with `cxl`; a CXL region that it has not with `dev`, `size`, `resource`, `type`
  /// and `cxl` alone.
  func json(showsIdle: Bool?) -> JSONObject {
    var object: JSONObject
    if let region {
      object = showsIdle.map { region.json(showsIdle: $0) } ?? region.json
    } else {
      object = JSONObject()
      object.add("dev", dev)
      object.add("size", size?.rawValue)
      object.add("resource", cxl?.resource)
      object.add("type", cxl?.kind?.rawValue)
    }
    object.add("cxl", cxl?.json)
    return object
  }
}

extension ListedDimm {
  /// libnvdimm's DIMM as ``DIMM/json``, with `cxl`; a CXL device that it has not with `dev`, `id` and `cxl` alone.
  var json: JSONObject {
    var object: JSONObject
    if let dimm {
      object = dimm.json
    } else {
      object = JSONObject()
      object.add("dev", dev)
      object.add("id", id)
      if memdev?.isBound == false { object.add("state", "disabled") }
    }
    object.add("cxl", memdev?.json)
    return object
  }
}
