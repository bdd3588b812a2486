import PmemDevice
import PmemSim
import SystemPackage

/// The devices of a simulated machine in the languages of QEMU and libvirt.
struct QemuText {
  private let devices: QemuDevices
  private let memory: ByteCount
  private let kind: Kind

  /// The device that a DIMM is in the guest.
  enum Kind {
    /// With labels, described by ACPI's NFIT.
    case nvdimm
    /// Without labels; writes are durable after fsync (drivers/nvdimm/virtio_pmem.c).
    case virtio
  }

  init(_ devices: QemuDevices, memory: ByteCount, kind: Kind) {
    self.devices = devices
    self.memory = memory
    self.kind = kind
  }

  private var mostMemory: UInt64 {
    // A gibibyte beyond, for the alignment of the first.
    ((memory.rawValue >> 30) + 2 + (devices.addressSpace >> 30)) << 30
  }

  /// Options of QEMU, each with its value: the machine that the addresses fit, and a backend and a device for
  /// each DIMM.
  var arguments: [[String]] {
    let cxl = QemuCxl(devices)
    let isPlain = devices.devices.isEmpty
    var arguments = [
      ["-machine", (kind == .nvdimm && !isPlain ? "q35,nvdimm=on" : "q35") + cxl.machine],
      [
        "-m",
        isPlain
          ? "\(memory.rawValue >> 20)M"
          : "\(memory.rawValue >> 20)M,slots=\(devices.devices.count),maxmem=\(mostMemory >> 30)G",
      ],
    ]
    for (slot, device) in devices.devices.enumerated() {
      // A comma in a value is written twice.
      let path = device.image.string.split(separator: ",", omittingEmptySubsequences: false).joined(
        separator: ",,")
      let whole = device.size + device.labelArea
      arguments.append([
        "-object", "memory-backend-file,id=memory\(slot),share=on,mem-path=\(path),size=\(whole)",
      ])
      guard kind == .nvdimm else {
        arguments.append(["-device", "virtio-pmem-pci,id=\(device.id),memdev=memory\(slot)"])
        continue
      }
      let labels = device.labelArea > 0 ? ",label-size=\(device.labelArea)" : ""
      let node = device.node > 0 ? ",node=\(device.node)" : ""
      arguments.append(["-device", "nvdimm,id=\(device.id),memdev=memory\(slot)\(labels)\(node)"])
    }
    return arguments + cxl.arguments
  }

  /// Elements for a domain: `maxMemory` for its top level, the others for its `devices`.
  var libvirt: String {
    var text = "<maxMemory slots='\(devices.devices.count)' unit='KiB'>\(mostMemory >> 10)</maxMemory>\n"
    for (slot, device) in devices.devices.enumerated() {
      guard kind == .nvdimm else {
        text += virtioElement(device)
        continue
      }
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

  /// On PCI, where the address is libvirt's to choose; it has no node (domain_validate.c:virDomainMemoryDefValidate).
  private func virtioElement(_ device: QemuDevices.Device) -> String {
    """
    <memory model='virtio-pmem' access='shared'>
      <source>
        <path>\(Self.escaped(device.image.string))</path>
      </source>
      <target>
        <size unit='KiB'>\(device.size >> 10)</size>
      </target>
      <alias name='\(device.id)'/>
    </memory>

    """
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
