import PmemDevice

/// DAX devices: the drivers of drivers/dax on what devdax namespaces give. A namespace's device has its numbers.
extension NvdimmModel {
  private func change(_ name: String, _ body: (inout SimClaim, Int, Int) throws -> Void) throws {
    let numbers = name.dropFirst(3).split(separator: ".").compactMap { Int($0) }
    guard name.hasPrefix("dax"), numbers.count == 2, regions.indices.contains(numbers[0]),
      let number = regions[numbers[0]].namespaces.firstIndex(where: { $0.id == numbers[1] }),
      regions[numbers[0]].namespaces[number].isEnabled,
      var claim = regions[numbers[0]].namespaces[number].claim, claim.kind == .dax
    else { throw KernelRefusal(6, "there is no \(name)") }
    try body(&claim, numbers[0], numbers[1])
    regions[numbers[0]].namespaces[number].claim = claim
  }

  /// bus.c:do_id_store and the drivers' probes.
  func bindDevice(_ name: String, _ mode: DaxDevice.Mode) throws {
    try change(name) { claim, region, id in
      guard claim.device == nil else { throw KernelRefusal(16, "it has a driver") }
      if mode == .systemRAM {
        guard topology.profile.rules.hasSystemRAM else {
          throw KernelRefusal(19, "this kernel has no kmem driver")
        }
        let device = self.daxDevice(claim, region, id)
        guard device.wholeBlocks(of: host.memoryBlockSize) > 0 else {
          throw KernelRefusal(22, "mapping0: too small after alignment")
        }
      }
      claim.device = mode
    }
  }

  func unbindDevice(_ name: String) throws {
    try change(name) { claim, region, id in
      guard claim.device != nil else { return }
      guard claim.zone == nil else { throw KernelRefusal(16, "its memory is online") }
      if claim.device == .devdax { users?.revoke(region, id) }
      claim.device = nil
    }
  }

  func setMemory(_ name: String, _ zone: SimClaim.Zone?) throws {
    try change(name) { claim, _, _ in
      guard claim.device == .systemRAM else { throw KernelRefusal(19, "it is not system-ram") }
      guard zone == nil || claim.zone == nil else { return }
      claim.zone = zone
    }
  }

  /// Refuses if memory of a namespace, or of any in a region, is system-ram.
  func checkNotOnline(_ region: Int, _ id: Int?) throws {
    for namespace in regions[region].namespaces where id == nil || namespace.id == id {
      guard namespace.claim?.zone == nil else {
        throw KernelRefusal(16, "its memory is online as system-ram")
      }
    }
  }

  func daxDevice(_ claim: SimClaim, _ region: Int, _ id: Int) -> DaxDevice {
    let namespace = regions[region].namespaces.first { $0.id == id }
    let start = topology.regions[region].base + (namespace?.offset ?? 0) + claim.startPad + claim.dataOffset
    var device = DaxDevice(
      chardev: "dax\(region).\(id)", size: ByteCount(claim.usable), targetNode: topology.regions[region].node,
      align: claim.align, mode: claim.device ?? .devdax, isEnabled: claim.device != nil,
      mappings: [DaxRange(pageOffset: 0, start: start, end: start + claim.usable - 1)])
    if claim.device == .systemRAM {
      let total = device.wholeBlocks(of: host.memoryBlockSize)
      device.memory = MemoryBlocks(
        total: total, online: claim.zone == nil ? 0 : total, movable: claim.zone == .movable ? total : 0,
        size: host.memoryBlockSize)
    }
    return device
  }
}
