import PmemSim

/// The CXL hardware of a simulated machine in the language of QEMU.
struct QemuCxl {
  private let devices: QemuDevices

  init(_ devices: QemuDevices) { self.devices = devices }

  var isEmpty: Bool { devices.cxlDevices.isEmpty }

  /// What the machine's type has behind it: the windows, and that there is CXL.
  var machine: String {
    guard !isEmpty else { return "" }
    return devices.cxlWindows.enumerated().reduce(into: ",cxl=on") { text, window in
      let name = ",cxl-fmw.\(window.offset)"
      for (position, bridge) in window.element.bridges.enumerated() {
        text += "\(name).targets.\(position)=\(Self.bus(bridge))"
      }
      text += "\(name).size=\(window.element.size >> 20)M"
      // QEMU counts in powers of two from 256 bytes, by these names.
      text += "\(name).interleave-granularity=\(Self.granularity(window.element.granularity))"
    }
  }

  private static func bus(_ bridge: Int) -> String { "cxl.\(bridge)" }

  private static func granularity(_ bytes: UInt64) -> String { bytes < 1024 ? "\(bytes)" : "\(bytes >> 10)k" }

  /// A bridge, then a port and a device for each.
  var arguments: [[String]] {
    let bridges = Set(devices.cxlDevices.map(\.hardware.bridge) + devices.cxlWindows.flatMap(\.bridges))
      .sorted()
    var arguments = bridges.map { bridge in
      ["-device", "pxb-cxl,bus_nr=\(12 + 16 * bridge),bus=pcie.0,id=\(Self.bus(bridge))"]
    }
    for (index, device) in devices.cxlDevices.enumerated() {
      var type3 = "cxl-type3,bus=cxl-port\(index),sn=\(device.hardware.serial)"
      func backend(_ name: String, _ kind: String, _ size: UInt64) {
        arguments.append(["-object", "\(kind),id=cxl-\(name)\(index),size=\(size)"])
      }
      if let image = device.image {
        backend(
          "memory", "memory-backend-file,share=on,mem-path=\(Self.path(image))", device.hardware.pmemSize)
        type3 += ",memdev=cxl-memory\(index)"
      }
      if let labels = device.labels {
        backend(
          "labels", "memory-backend-file,share=on,mem-path=\(Self.path(labels))", device.hardware.labelArea)
        type3 += ",lsa=cxl-labels\(index)"
      }
      if device.hardware.ramSize > 0 {
        backend("volatile", "memory-backend-ram", device.hardware.ramSize)
        type3 += ",volatile-memdev=cxl-volatile\(index)"
      }
      arguments.append([
        "-device",
        "cxl-rp,port=\(index),bus=\(Self.bus(device.hardware.bridge)),id=cxl-port\(index),chassis=0,slot=\(index + 2)",
      ])
      arguments.append(["-device", type3])
    }
    return arguments
  }

  /// A comma in a value is written twice.
  private static func path(_ path: some CustomStringConvertible) -> String {
    "\(path)".split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,")
  }

  /// What else a guest needs, each in a sentence.
  var notes: [String] {
    guard !isEmpty else { return [] }
    return [
      "CXL's devices come behind all others on QEMU's command line, or those behind them land on CXL's buses",
      "CXL regions need a processor that does not show the hypervisor (-cpu ...,-hypervisor), or the kernel refuses "
        + "them; QEMU before 8.1 also needs pcie_ports=compat on the kernel's command line",
      "a region is the machine's if its devices, their order and its granularity are: "
        + "pmemctl region show tells them, pmemctl region create takes them",
    ]
      + (devices.cxlDevices.contains { $0.hardware.ramSize > 0 }
        ? ["volatile CXL memory needs QEMU 8.0 or newer"] : [])
  }
}
