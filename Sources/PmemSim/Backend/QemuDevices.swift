import PmemDevice
public import SystemPackage

/// The devices of QEMU and libvirt with which a guest's NVDIMMs are a simulated machine's DIMMs.
public struct QemuDevices {
  /// One NVDIMM.
  public struct Device: Hashable, Sendable {
    /// Of the device, from the slot and a prefix.
    public let id: String
    public let image: FilePath
    /// Of the data and of the label area, bytes.
    public let size: UInt64
    /// Bytes at the image's end; 0 for none.
    public let labelArea: UInt64
    /// NUMA node of the guest.
    public let node: Int
  }

  /// A CXL memory device: its persistent memory and its labels are files.
  public struct CxlDevice: Hashable, Sendable {
    public let hardware: SimCxl.Device
    /// nil for one of volatile memory.
    public let image: FilePath?
    /// nil without a label area.
    public let labels: FilePath?
  }

  public let devices: [Device]
  /// By number.
  public let cxlDevices: [CxlDevice]
  public let cxlWindows: [SimCxl.Window]
  /// Bytes of e820 ranges, which a guest gets from its command line, without their content.
  public let ranges: [(base: UInt64, size: UInt64)]
  /// The interleaved regions, which QEMU cannot show to a guest.
  public let interleaved: [String]

  /// - Parameters:
  ///   - machine: Whose DIMMs.
  ///   - prefix: The prefix of ids; libvirt wants `ua-`.
  public init(_ machine: SimMachine, prefix: String = "") {
    let topology = machine.topology
    cxlWindows = topology.cxl.windows
    cxlDevices = topology.cxl.devices.enumerated().map { index, hardware in
      let dimm = topology.dimm(ofDevice: index)
      return CxlDevice(
        hardware: hardware,
        image: dimm.map { machine.directory.appending(SimMedia.imageName(ofDimm: $0)) },
        labels: hardware.labelArea == 0
          ? nil : dimm.map { machine.directory.appending(SimMedia.labelName(ofCxl: $0)) })
    }
    devices = topology.dimms.enumerated().filter { $0.element.device == nil }.map { slot, dimm in
      Device(
        id: Self.id(slot: slot, prefix: prefix + "dimm\(slot)"),
        image: machine.directory.appending(SimMedia.imageName(ofDimm: slot)), size: dimm.size,
        labelArea: dimm.labelArea, node: dimm.node)
    }
    ranges = topology.regions.filter(\.isE820).map { ($0.base, $0.size) }
    interleaved = topology.regions.indices.filter { topology.regions[$0].dimms.count > 1 }.map {
      "region\($0)"
    }
  }

  /// Bytes of all NVDIMMs, labels included, each rounded up to the 1 GiB steps in which QEMU maps them.
  public var addressSpace: UInt64 {
    devices.reduce(0) { $0 + (ByteCount($1.size + $1.labelArea).roundedUp(to: 1 << 30)?.rawValue ?? 0) }
  }

  /// An id that makes a guest number its regions as the slots are.
  ///
  /// QEMU describes NVDIMMs in the order of a hash table over their ids (hw/acpi/nvdimm.c iterates by
  /// object_child_foreach), and the kernel numbers regions in the order of the description. The hash of this id (GLib's
  /// g_str_hash, times 11) is `slot` in every table that can hold that many devices: of 7, 13, 31 and 61.
  static func id(slot: Int, prefix: String) -> String {
    let tables = [7, 13, 31, 61].filter { slot < $0 }
    let base = prefix.utf8.reduce(UInt32(5381)) { $0 &* 33 &+ UInt32($1) }
    var word: [UInt8] = []
    for number in 0..<longestSearch {
      spell(number, into: &word)
      let hash = word.reduce(base) { $0 &* 33 &+ UInt32($1) }
      if tables.allSatisfy({ Int(hash &* 11) % $0 == slot }) {
        return prefix + String(decoding: word, as: UTF8.self)
      }
    }
    return prefix
  }

  /// Words of up to five letters; one in 200,000 will do.
  private static let longestSearch = 26 * 26 * 26 * 26 * 26

  private static func spell(_ number: Int, into word: inout [UInt8]) {
    word.removeAll(keepingCapacity: true)
    var rest = number
    repeat {
      word.append(UInt8(ascii: "a") + UInt8(rest % 26))
      rest /= 26
    } while rest > 0
  }
}
