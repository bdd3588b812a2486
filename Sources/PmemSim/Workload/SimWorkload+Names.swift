public import PmemDevice

/// What a person calls things on a simulated machine.
extension SimWorkload {
  /// A device or a file, by name: a namespace's device (`pmem0`, `dax0.0`, `/dev/pmem0`), a namespace, a device mapper
  /// device (`dm-0`, or its name), or the absolute path of a file.
  func source(_ name: String) throws(DeviceError) -> SimSource {
    if name.hasPrefix("/"), !name.hasPrefix("/dev/") {
      do { return try machine.kernel.source(name) } catch let fault as SimFault {
        throw DeviceError(.notFound, "\(name): \(fault.reason)", errno: fault.errno)
      } catch { throw DeviceError(.failed, "\(error)") }
    }
    return SimSource(volume: try volume(name), inode: nil)
  }

  func volume(_ name: String) throws(DeviceError) -> SimVolume {
    if let found = namespace(name) { return found }
    let short =
      name.hasPrefix("/dev/mapper/")
      ? String(name.dropFirst(12)) : name.hasPrefix("/dev/dm-") ? String(name.dropFirst(5)) : name
    if let stack = machine.kernel.memory.stacks.first(where: {
      $0.name == short || "dm-\($0.number)" == short
    }) {
      return .stack(stack.number)
    }
    if let partition = partition(short) { return partition }
    let resolver = NameResolver(SimInventory(machine.kernel).inventory)
    guard let namespace = try resolver.namespaces([name]).first else {
      throw DeviceError(.notFound, "there is no device \(name)")
    }
    return .namespace(region: namespace.regionID, id: namespace.id)
  }

  /// A namespace by its kernel name, also while it is disabled.
  private func namespace(_ name: String) -> SimVolume? {
    guard name.hasPrefix("namespace") else { return nil }
    let numbers = name.dropFirst(9).split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2, let region = numbers[0], let id = numbers[1],
      machine.kernel.regions.indices.contains(region),
      machine.kernel.regions[region].namespaces.contains(where: { $0.id == id })
    else { return nil }
    return .namespace(region: region, id: id)
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
    let digits = place.hasPrefix("0x") ? place.dropFirst(2) : place.utf8.count > 8 ? place[...] : ""
    if let address = UInt64(digits, radix: 16) {
      start = address
    } else {
      let source = try source(place)
      let own = machine.kernel.memory.processes.first { $0.pid == pid }?.mappings.filter {
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

  /// A partition, as `pmem0p1`.
  func partition(_ name: String) -> SimVolume? {
    let bare = name.hasPrefix("/dev/") ? String(name.dropFirst(5)) : name
    let inventory = SimInventory(machine.kernel).inventory
    return machine.kernel.memory.partitions.first { partition in
      let disk = inventory.namespaces.first { $0.regionID == partition.region && $0.id == partition.id }
      return disk?.blockDevice.map { "\($0)p\(partition.number)" == bare } ?? false
    }?.volume
  }
}
