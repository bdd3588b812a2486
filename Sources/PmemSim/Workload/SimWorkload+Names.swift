public import PmemDevice
public import PmemModel

/// The names of objects on a simulated machine.
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

  /// The object in an action for the name of a file, which is looked up when the action is applied, or of a device,
  /// which is looked up now.
  public func objectName(_ name: String) throws(DeviceError) -> ObjectName {
    if name.hasPrefix("/"), !name.hasPrefix("/dev/") { return .path(name) }
    return .volume(try volume(name))
  }

  /// The address in an action for an address in a process's memory: a number, or an object that it has mapped once.
  public func addressName(_ name: String, offset: UInt64) throws(DeviceError) -> AddressName {
    guard let start = Self.address(name) else { return .mapping(try objectName(name), offset: offset) }
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
    let resolver = NameResolver(SimInventory(machine.kernel.nvdimm).inventory)
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
      !machine.kernel.nvdimm.regions.contains(where: { $0.namespaces.contains { $0.name == name } }),
      let namespace = SimInventory(machine.kernel.nvdimm).namespace(id, region: region),
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
      machine.kernel.nvdimm.regions.indices.contains(region),
      machine.kernel.nvdimm.regions[region].namespaces.contains(where: { $0.id == id })
    else { return nil }
    return .device(DeviceID(region: region, namespace: id))
  }

  /// The address of a process's mapping.
  ///
  /// - Parameters:
  ///   - name: An address, as `0x7f0000000000`, or the device or file that it has mapped once.
  ///   - pid: The process.
  ///   - offset: Added to it, bytes.
  /// - Returns: The address.
  /// - Throws: `DeviceError.Code.notFound` and `DeviceError.Code.ambiguous`.
  public func address(_ name: String, in pid: Int, offset: UInt64 = 0) throws(DeviceError) -> UInt64 {
    let start: UInt64
    if let address = Self.address(name) {
      start = address
    } else {
      let source = try source(name)
      let own = machine.kernel.model.state.processes.first { $0.pid.rawValue == pid }?.mappings.filter {
        $0.source == source
      }
      guard let first = own?.first else {
        throw DeviceError(
          .notFound, "process \(pid) has not mapped \(name)", try: ["pmemctl sim map \(pid) \(name)"])
      }
      guard own?.count == 1 else {
        throw DeviceError(
          .ambiguous, "process \(pid) has mapped \(name) \(own?.count ?? 0) times: name the address",
          details: own?.map { "0x\(String($0.start, radix: 16))" } ?? [])
      }
      start = first.start
    }
    let (address, overflow) = start.addingReportingOverflow(offset)
    guard !overflow else { throw DeviceError(.usage, "--offset: there is no such address") }
    return address
  }

  private static func address(_ name: String) -> UInt64? {
    UInt64(name.hasPrefix("0x") ? name.dropFirst(2) : name.utf8.count > 8 ? name[...] : "", radix: 16)
  }

  /// A partition, as `pmem0p1`.
  func partition(_ name: String) -> Volume? {
    let bare = name.hasPrefix("/dev/") ? String(name.dropFirst(5)) : name
    let inventory = SimInventory(machine.kernel.nvdimm)
    return machine.kernel.model.state.partitions.first { partition in
      let disk = inventory.namespace(partition.disk.namespace, region: partition.disk.region)
      return disk?.blockDevice.map { "\($0)p\(partition.number)" == bare } ?? false
    }?.volume
  }
}
