import PmemDevice
import PmemOutput
import PmemSim

extension SimTopology {
  func text(_ directory: String) -> String {
    var text = "simulated machine \(directory.sanitized), kernel \(profile.rawValue)\n"
    for (index, dimm) in dimms.enumerated() {
      let labels = dimm.labelArea == 0 ? "no labels" : "\(ByteCount(dimm.labelArea)) label area"
      text += "  nmem\(index)    \(ByteCount(dimm.size)), \(labels), node \(dimm.node)\n"
    }
    for (index, device) in cxl.devices.enumerated() {
      let kinds = CxlMemoryKind.allCases.filter { device.size($0) > 0 }
        .map { "\(ByteCount(device.size($0))) of \($0.rawValue)" }.joined(separator: ", ")
      text +=
        "  mem\(index)     \(kinds), serial \(device.serial), host bridge \(device.bridge), "
        + "\(counted(device.decoders, "decoder")), node \(device.node)\n"
    }
    for (index, window) in cxl.windows.enumerated() {
      text +=
        "  decoder0.\(index)  window of \(ByteCount(window.size)) at 0x\(String(window.base, radix: 16)), host bridge"
        + "\(window.bridges.count == 1 ? "" : "s") \(window.bridges.map(String.init).joined(separator: "+"))\n"
    }
    for (index, region) in regions.enumerated() {
      let source = region.isE820 ? "e820 range" : region.dimms.map { "nmem\($0)" }.joined(separator: "+")
      text +=
        "  region\(index)  \(ByteCount(region.size)), \(source), align \(ByteCount(region.align)), node \(region.node)\n"
    }
    return text
  }

  /// Keys: `sim`, `kernel`, `dimms` [{`dev`, `size`, `label_area`, `node`}], `regions` [{`dev`, `resource`,
  /// `size`, `align`, `node`, `dimms`}]; of a machine with CXL, `memdevs` [{`memdev`, `serial`, `ram_size`, `pmem_size`, `bridge`,
  /// `decoders`, `node`}] and `windows` [{`decoder`, `resource`, `size`, `bridges`, `granularity`, `kinds`}].
  func json(directory: String) -> JSONObject {
    var object = JSONObject()
    object.add("sim", directory)
    object.add("kernel", profile.rawValue)
    object.add("dimms", dimms.enumerated().map { .object(Self.json($0.element, $0.offset)) })
    object.add("regions", regions.enumerated().map { .object(Self.json($0.element, $0.offset)) })
    guard !cxl.isEmpty else { return object }
    object.add("memdevs", cxl.devices.enumerated().map { .object(Self.json($0.element, $0.offset)) })
    object.add("windows", cxl.windows.enumerated().map { .object(Self.json($0.element, $0.offset)) })
    return object
  }

  private static func json(_ dimm: Dimm, _ index: Int) -> JSONObject {
    var object = JSONObject()
    object.add("dev", "nmem\(index)")
    object.add("size", dimm.size)
    object.add("label_area", dimm.labelArea)
    object.add("node", dimm.node)
    return object
  }

  private static func json(_ device: SimCxl.Device, _ index: Int) -> JSONObject {
    var object = JSONObject()
    object.add("memdev", "mem\(index)")
    object.add("serial", device.serial)
    object.add("ram_size", device.ramSize)
    object.add("pmem_size", device.pmemSize)
    object.add("bridge", device.bridge)
    object.add("decoders", device.decoders)
    object.add("node", device.node)
    return object
  }

  private static func json(_ window: SimCxl.Window, _ index: Int) -> JSONObject {
    var object = JSONObject()
    object.add("decoder", "decoder0.\(index)")
    object.add("resource", window.base)
    object.add("size", window.size)
    object.add("bridges", window.bridges.map { .integer(Int64($0)) })
    object.add("granularity", window.granularity)
    object.add("kinds", CxlMemoryKind.allCases.filter(window.kinds.contains).map { .string($0.rawValue) })
    return object
  }

  private static func json(_ region: Region, _ index: Int) -> JSONObject {
    var object = JSONObject()
    object.add("dev", "region\(index)")
    object.add("resource", region.base)
    object.add("size", region.size)
    object.add("align", region.align)
    object.add("node", region.node)
    object.add("dimms", region.dimms.map { .string("nmem\($0)") })
    return object
  }
}
