public import PmemDevice
public import PmemModel

/// What a person calls things on a simulated machine.
extension SimWorkload {
  /// A device or a file, by name: a namespace's device (`pmem0`, `dax0.0`, `/dev/pmem0`), a namespace, a device mapper
  /// device (`dm-0`, or its name), or the absolute path of a file.
  func source(_ name: String) throws(DeviceError) -> MappedObject {
    if name.hasPrefix("/"), !name.hasPrefix("/dev/") {
      do { return try machine.kernel.model.source(name) } catch {
        throw DeviceError(.notFound, "\(name): \(error.reason)", errno: error.errno)
      }
    }
    return MappedObject(volume: try volume(name), inode: nil)
  }

  /// What a file, to be looked up when an action is done, or a device, looked up now, is called in an action.
  public func objectName(_ name: String) throws(DeviceError) -> ObjectName {
    if name.hasPrefix("/"), !name.hasPrefix("/dev/") { return .path(name) }
    return .volume(try volume(name))
  }

  /// What a place in a process's memory is called in an action: an address, or what it has mapped once.
  public func addressName(_ place: String, offset: UInt64) throws(DeviceError) -> AddressName {
    guard let start = Self.address(place) else { return .mapping(try objectName(place), offset: offset) }
    let (address, overflow) = start.addingReportingOverflow(offset)
    guard !overflow else { throw DeviceError(.usage, "--offset: there is no such address") }
    return .absolute(address)
  }

  /// A namespace, by any name.
  public func device(_ name: String) throws(DeviceError) -> DeviceID { try bound(name) }

  /// A device, by any name, or what is made of devices.
  public func volume(_ name: String) throws(DeviceError) -> Volume {
    if let found = namespace(name) { return found }
    if let found = try changedNode(name) { return found }
    let short =
      name.hasPrefix("/dev/mapper/")
      ? String(name.dropFirst(12)) : name.hasPrefix("/dev/dm-") ? String(name.dropFirst(5)) : name
    if let stack = machine.kernel.model.state.stacks.first(where: {
      $0.name == short || "dm-\($0.number)" == short
    }) {
      return .stack(stack.number)
    }
    if let partition = partition(short) { return partition }
    if let found = node(name) { return found }
    let resolver = NameResolver(SimInventory(machine.kernel).inventory)
    guard let namespace = try resolver.namespaces([name]).first else {
      throw DeviceError(.notFound, "there is no device \(name)")
    }
    return .device(DeviceID(namespace))
  }

  /// A namespace by the name of its block or DAX device, without looking at all others; nil also if one of those has the
  /// name as its own.
  private func node(_ name: String) -> Volume? {
    let bare = name.hasPrefix("/dev/") ? name.dropFirst(5) : name[...]
    guard let prefix = ["pmem", "dax"].first(where: bare.hasPrefix) else { return nil }
    // pmem0 is namespace0.0's, pmem0.1s the BTT of namespace0.1.
    let numbers = bare.dropFirst(prefix.count).split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(numbers.count), let region = Int(numbers[0].filter { $0 != "s" }),
      let id = numbers.count == 1 ? 0 : Int(numbers[1].filter { $0 != "s" }),
      !machine.kernel.regions.contains(where: { $0.namespaces.contains { $0.name == name } }),
      let namespace = SimInventory(machine.kernel).namespace(id, region: region),
      namespace.blockDevice == String(bare)
        || namespace.daxRegion?.devices.contains(where: { $0.chardev == String(bare) }) ?? false
    else { return nil }
    return .device(DeviceID(region: region, namespace: id))
  }

  /// A namespace by its kernel name, also while it is disabled.
  private func namespace(_ name: String) -> Volume? {
    guard name.hasPrefix("namespace") else { return nil }
    let numbers = name.dropFirst(9).split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2, let region = numbers[0], let id = numbers[1],
      machine.kernel.regions.indices.contains(region),
      machine.kernel.regions[region].namespaces.contains(where: { $0.id == id })
    else { return nil }
    return .device(DeviceID(region: region, namespace: id))
  }

  /// Where a process has mapped something.
  ///
  /// - Parameters:
  ///   - place: An address, as `0x7f0000000000`, or the device or file that it has mapped once.
  ///   - pid: The process.
  ///   - offset: Added to it, bytes.
  /// - Returns: The address.
  /// - Throws: ``DeviceError/Code/notFound`` and ``DeviceError/Code/ambiguous``.
  public func address(_ place: String, in pid: Int, offset: UInt64 = 0) throws(DeviceError) -> UInt64 {
    let start: UInt64
    if let address = Self.address(place) {
      start = address
    } else {
      let source = try source(place)
      let own = machine.kernel.model.state.processes.first { $0.pid.rawValue == pid }?.mappings.filter {
        $0.source == source
      }
      guard let first = own?.first else {
        throw DeviceError(
          .notFound, "process \(pid) has not mapped \(place)", try: ["pmemctl sim map \(pid) \(place)"])
      }
      guard own?.count == 1 else {
        throw DeviceError(
          .ambiguous, "process \(pid) has mapped \(place) \(own?.count ?? 0) times: name the address",
          details: own?.map { "0x\(String($0.start, radix: 16))" } ?? [])
      }
      start = first.start
    }
    let (address, overflow) = start.addingReportingOverflow(offset)
    guard !overflow else { throw DeviceError(.usage, "--offset: there is no such address") }
    return address
  }

  private static func address(_ place: String) -> UInt64? {
    UInt64(place.hasPrefix("0x") ? place.dropFirst(2) : place.utf8.count > 8 ? place[...] : "", radix: 16)
  }

  /// A partition, as `pmem0p1`.
  func partition(_ name: String) -> Volume? {
    let bare = name.hasPrefix("/dev/") ? String(name.dropFirst(5)) : name
    let inventory = SimInventory(machine.kernel)
    return machine.kernel.model.state.partitions.first { partition in
      let disk = inventory.namespace(partition.disk.namespace, region: partition.disk.region)
      return disk?.blockDevice.map { "\($0)p\(partition.number)" == bare } ?? false
    }?.volume
  }
}
