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
    for (index, region) in regions.enumerated() {
      let source = region.isE820 ? "e820 range" : region.dimms.map { "nmem\($0)" }.joined(separator: "+")
      text +=
        "  region\(index)  \(ByteCount(region.size)), \(source), align \(ByteCount(region.align)), node \(region.node)\n"
    }
    return text
  }

  /// Keys: `sim`, `kernel`, `dimms` [{`dev`, `size`, `label_area`, `node`}], `regions` [{`dev`, `resource`,
  /// `size`, `align`, `node`, `dimms`}].
  func json(directory: String) -> JSONObject {
    var object = JSONObject()
    object.add("sim", directory)
    object.add("kernel", profile.rawValue)
    object.add("dimms", dimms.enumerated().map { .object(Self.json($0.element, $0.offset)) })
    object.add("regions", regions.enumerated().map { .object(Self.json($0.element, $0.offset)) })
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
