import PmemDevice
import PmemSim
import SystemPackage

/// The devices of a simulated machine in the languages of QEMU and libvirt.
struct QemuText {
  private let devices: QemuDevices
  private let memory: ByteCount

  init(_ devices: QemuDevices, memory: ByteCount) {
    self.devices = devices
    self.memory = memory
  }

  private var mostMemory: UInt64 {
    // A gibibyte beyond, for the alignment of the first.
    ((memory.rawValue >> 30) + 2 + (devices.addressSpace >> 30)) << 30
  }

  /// Options of QEMU, each with its value: the machine that the addresses fit, and a backend and a device for
  /// each DIMM.
  var arguments: [[String]] {
    var arguments = [
      ["-machine", "q35,nvdimm=on"],
      ["-m", "\(memory.rawValue >> 20)M,slots=\(devices.devices.count),maxmem=\(mostMemory >> 30)G"],
    ]
    for (slot, device) in devices.devices.enumerated() {
      // A comma in a value is written twice.
      let path = device.image.string.split(separator: ",", omittingEmptySubsequences: false).joined(
        separator: ",,")
      let whole = device.size + device.labelArea
      arguments.append([
        "-object", "memory-backend-file,id=memory\(slot),share=on,mem-path=\(path),size=\(whole)",
      ])
      let labels = device.labelArea > 0 ? ",label-size=\(device.labelArea)" : ""
      let node = device.node > 0 ? ",node=\(device.node)" : ""
      arguments.append(["-device", "nvdimm,id=\(device.id),memdev=memory\(slot)\(labels)\(node)"])
    }
    return arguments
  }

  /// Elements for a domain: `maxMemory` for its top level, the others for its `devices`.
  var libvirt: String {
    var text = "<maxMemory slots='\(devices.devices.count)' unit='KiB'>\(mostMemory >> 10)</maxMemory>\n"
    for (slot, device) in devices.devices.enumerated() {
      text += """
        <memory model='nvdimm' access='shared'>
          <source>
            <path>\(Self.escaped(device.image.string))</path>
          </source>
          <target>
            <size unit='KiB'>\((device.size + device.labelArea) >> 10)</size>
            <node>\(device.node)</node>

        """
      if device.labelArea > 0 {
        text += """
              <label>
                <size unit='KiB'>\(device.labelArea >> 10)</size>
              </label>

          """
      }
      text += """
          </target>
          <alias name='\(device.id)'/>
          <address type='dimm' slot='\(slot)'/>
        </memory>

        """
    }
    return text
  }

  private static func escaped(_ text: String) -> String {
    text.reduce(into: "") { escaped, character in
      switch character {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      default: escaped.append(character)
      }
    }
  }
}
