import CPmemShims
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

  /// By device number, as stat(2) gives it.
  private(set) var characters: [UInt64: Device] = [:]
  private(set) var blocks: [UInt64: Device] = [:]
  /// Enabled namespaces with a device whose number is not known: nothing that uses it can be found by it.
  private(set) var unknown: [String] = []
  private let roots: HostRoots

  var isEmpty: Bool { characters.isEmpty && blocks.isEmpty }

  /// - Parameters:
  ///   - inventory: The machine's devices.
  ///   - standIns: For DAX devices without a namespace that are asked about.
  ///   - roots: Of the machine.
  init(_ inventory: Inventory, standIns: [Namespace] = [], roots: HostRoots) {
    self.roots = roots
    for namespace in standIns {
      for device in namespace.daxRegion?.devices ?? [] { addCharacter(device, namespace.dev) }
      noteUnknown(namespace)
    }
    for namespace in inventory.namespaces where namespace.isEnabled {
      if let name = namespace.blockDevice {
        addBlock(name, namespace.dev)
      }
      for device in namespace.daxRegion?.devices ?? [] {
        addCharacter(device, namespace.dev)
      }
      noteUnknown(namespace)
    }
    let asked = standIns.map(\.dev)
    for device in inventory.otherDaxRegions.flatMap(\.devices) where !asked.contains(device.chardev) {
      addCharacter(device, nil)
    }
  }

  private mutating func noteUnknown(_ namespace: Namespace) {
    let isKnown =
      characters.values.contains { $0.namespaces.contains(namespace.dev) }
      || blocks.values.contains { $0.namespaces.contains(namespace.dev) }
    if !isKnown { unknown.append(namespace.dev) }
  }

  private mutating func addCharacter(_ device: DaxDevice, _ namespace: String?) {
    let path = roots.sys.appending("bus/dax/devices").appending(device.chardev).appending("dev")
    guard let number = KernelFile.line(path).flatMap(Self.number) else { return }
    characters[number] = Device(
      name: device.chardev, namespaces: [namespace].compactMap { $0 }, daxAlign: device.align)
  }

  private mutating func addBlock(_ name: String, _ namespace: String) {
    let directory = Self.directory(name, roots)
    guard let number = KernelFile.line(directory.appending("dev")).flatMap(Self.number) else { return }
    var device = blocks[number] ?? Device(name: name, namespaces: [])
    guard !device.namespaces.contains(namespace) else { return }
    device.namespaces.append(namespace)
    blocks[number] = device
    for holder in KernelFile.names(directory.appending("holders")).sorted() { addBlock(holder, namespace) }
    for part in KernelFile.names(directory).sorted() where part.hasPrefix(name) {
      if KernelFile.line(directory.appending(part).appending("partition")) != nil {
        addBlock(part, namespace)
      }
    }
  }

  /// The gap that exists because sysfs does not show the numbers of devices: users of those cannot be found, however many.
  ///
  /// - Parameter namespaces: That are asked about, by their kernel names; nil for all.
  /// - Returns: Empty if all are known.
  func missing(of namespaces: [String]? = nil) -> [Unseen] {
    let hidden = unknown.filter { namespaces?.contains($0) ?? true }
    guard !hidden.isEmpty else { return [] }
    return [
      Unseen(
        .opens,
        "users of \(hidden.joined(separator: ", ")) cannot be found: sysfs does not show the device's number",
        remedy: "mount -t sysfs sysfs /sys", of: hidden, isDecisive: true)
    ]
  }

  private static func directory(_ name: String, _ roots: HostRoots) -> FilePath {
    roots.sys.appending("class/block").appending(name)
  }

  func directory(_ name: String) -> FilePath { Self.directory(name, roots) }

  // MARK: Numbers

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

  static func major(_ device: UInt64) -> UInt32 { UInt32(device >> 8 & 0xfff | device >> 32 & 0xffff_f000) }
  static func minor(_ device: UInt64) -> UInt32 { UInt32(device & 0xff | device >> 12 & 0xffff_ff00) }

  private static let characterBit: UInt64 = 1 << 32

  private static func kernelNumber(_ device: UInt64) -> UInt64 {
    UInt64(major(device)) << 20 | UInt64(minor(device))
  }

  /// As the kernel keeps them (include/linux/kdev_t.h), characters apart from blocks.
  var kernelNumbers: [UInt64] {
    characters.keys.map { Self.kernelNumber($0) | Self.characterBit } + blocks.keys.map(Self.kernelNumber)
  }

  /// Of a device of the table, as ``kernelNumbers`` has it, and whether it is a block device.
  func kernelNumber(_ name: String) -> (number: UInt64, isBlock: Bool)? {
    if let device = blocks.first(where: { $0.value.name == name })?.key {
      return (Self.kernelNumber(device), true)
    }
    return characters.first { $0.value.name == name }.map {
      (Self.kernelNumber($0.key) | Self.characterBit, false)
    }
  }

  /// Opens a device of the table by its number, whatever its name under /dev refers to.
  ///
  /// - Returns: A descriptor, which the caller closes, or a negative error number.
  func open(_ name: String, _ flags: Int32) -> Int32 {
    guard let (number, isBlock) = kernelNumber(name) else { return -ENODEV }
    return CPmem_open_device(
      "/dev/\(name)", isBlock ? 1 : 0, UInt32(number >> 20 & 0xfff), UInt32(number & 0xf_ffff),
      flags | O_CLOEXEC)
  }

  /// The partitions of a block device.
  func parts(of name: String) -> [String] {
    let directory = Self.directory(name, roots)
    return blocks.values.map(\.name).filter { part in
      part != name && part.hasPrefix(name)
        && KernelFile.line(directory.appending(part).appending("partition")) != nil
    }
  }

  /// The device behind a number of ``kernelNumbers``.
  ///
  /// - Parameters:
  ///   - number: As the kernel keeps it.
  ///   - mode: Of the inode that it was found in.
  /// - Returns: nil for what is none of the table's.
  func target(ofKernel number: UInt64, mode: UInt32) -> MappedTarget? {
    let device = Self.device(UInt32(number >> 20 & 0xfff), UInt32(number & 0xf_ffff))
    guard number & Self.characterBit == 0 else { return characters[device].map { .character($0) } }
    guard let block = blocks[device] else { return nil }
    return mode & UInt32(S_IFMT) == UInt32(S_IFBLK) ? .block(block) : .file(block)
  }

  /// The device behind a node; nil for any other file.
  func target(ofNode facts: FileFacts) -> MappedTarget? {
    if facts.isCharacterDevice { return characters[facts.specialDevice].map { .character($0) } }
    return facts.isBlockDevice ? blocks[facts.specialDevice].map { .block($0) } : nil
  }

  /// The device under a file, or behind a device node.
  func target(of facts: FileFacts) -> MappedTarget? {
    if facts.isCharacterDevice || facts.isBlockDevice { return target(ofNode: facts) }
    return blocks[facts.device].map { .file($0) }
  }

  // MARK: Layers

  /// Translates ranges of a device to the namespaces under it.
  ///
  /// - Returns: nil if a layer between is anything but a partition or a linear or striped target of the device mapper.
  func namespaceRanges(_ device: String, _ ranges: [Extent]) -> [NamespaceRange]? {
    if let dax = characters.values.first(where: { $0.name == device }) {
      guard let namespace = dax.namespaces.first else { return nil }
      return ranges.map { NamespaceRange(namespace: namespace, extent: $0) }
    }
    var found: [NamespaceRange] = []
    for range in ranges {
      guard let more = namespaceRanges(device, range, depth: 0) else { return nil }
      found += more
    }
    return found
  }

  private func namespaceRanges(_ name: String, _ range: Extent, depth: Int) -> [NamespaceRange]? {
    guard depth < 16, let (number, device) = blocks.first(where: { $0.value.name == name }) else {
      return nil
    }
    let directory = directory(name)
    if KernelFile.line(directory.appending("partition")) != nil {
      // The directory of a partition is inside that of its disk.
      guard let start = KernelFile.line(directory.appending("start")).flatMap({ UInt64($0) }),
        let disk = blocks.values.first(where: {
          KernelFile.line(self.directory($0.name).appending(name).appending("partition")) != nil
        })
      else { return nil }
      return namespaceRanges(
        disk.name, Extent(offset: range.offset + start * 512, length: range.length), depth: depth + 1)
    }
    guard KernelFile.names(directory.appending("slaves")).isEmpty else {
      guard roots.isLive, let table = MapperTable(number), let pieces = table.pieces(of: range) else {
        return nil
      }
      var found: [NamespaceRange] = []
      for (lower, extent) in pieces {
        guard let below = blocks[lower], let more = namespaceRanges(below.name, extent, depth: depth + 1)
        else { return nil }
        found += more
      }
      return found
    }
    return device.namespaces.first.map { [NamespaceRange(namespace: $0, extent: range)] }
  }
}
