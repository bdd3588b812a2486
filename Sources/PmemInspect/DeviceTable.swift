import Glibc
import PmemDevice
import SystemPackage

/// The device numbers under which persistent memory is reached: DAX devices, block devices, their partitions, and
/// what is stacked on them to any depth.
struct DeviceTable {
  struct Device: Hashable {
    var name: String
    /// The namespaces under it, in order.
    var namespaces: [String]
    /// Of a DAX device: its alignment. nil for a block device.
    var daxAlign: UInt64?
  }

  private(set) var characters: [UInt64: Device] = [:]
  private(set) var blocks: [UInt64: Device] = [:]

  var isEmpty: Bool { characters.isEmpty && blocks.isEmpty }

  init(_ inventory: Inventory, roots: HostRoots) {
    for namespace in inventory.namespaces where namespace.isEnabled {
      if let name = namespace.blockDevice {
        addBlock(name, namespace.dev, roots)
      }
      for device in namespace.daxRegion?.devices ?? [] {
        addCharacter(device, namespace.dev, roots)
      }
    }
    for device in inventory.otherDaxRegions.flatMap(\.devices) { addCharacter(device, nil, roots) }
  }

  private mutating func addCharacter(_ device: DaxDevice, _ namespace: String?, _ roots: HostRoots) {
    let path = roots.sys.appending("bus/dax/devices").appending(device.chardev).appending("dev")
    guard let number = KernelFile.line(path).flatMap(Self.number) else { return }
    characters[number] = Device(
      name: device.chardev, namespaces: [namespace].compactMap { $0 }, daxAlign: device.align)
  }

  private mutating func addBlock(_ name: String, _ namespace: String, _ roots: HostRoots) {
    let folder = roots.sys.appending("class/block").appending(name)
    guard let number = KernelFile.line(folder.appending("dev")).flatMap(Self.number) else { return }
    var device = blocks[number] ?? Device(name: name, namespaces: [])
    guard !device.namespaces.contains(namespace) else { return }
    device.namespaces.append(namespace)
    blocks[number] = device
    for holder in KernelFile.names(folder.appending("holders")) { addBlock(holder, namespace, roots) }
    for part in KernelFile.names(folder) where part.hasPrefix(name) {
      if KernelFile.line(folder.appending(part).appending("partition")) != nil {
        addBlock(part, namespace, roots)
      }
    }
  }

  /// Reads `MAJOR:MINOR`.
  static func number(_ text: String) -> UInt64? {
    let words = text.split(separator: ":").compactMap { UInt32($0) }
    return words.count == 2 ? device(words[0], words[1]) : nil
  }

  /// The number as stat(2) gives it (gnu_dev_makedev).
  static func device(_ major: UInt32, _ minor: UInt32) -> UInt64 {
    let (major, minor) = (UInt64(major), UInt64(minor))
    return (major & 0xfff) << 8 | (major & ~0xfff) << 32 | minor & 0xff | (minor & ~0xff) << 12
  }
}
