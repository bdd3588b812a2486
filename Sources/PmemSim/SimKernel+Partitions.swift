import PmemDevice

/// Partitions, and what becomes of faults when one changes under them.
extension SimKernel {
  func partition(_ region: Int, _ id: Int, _ number: Int) throws -> SimPartition {
    let found = memory.partitions.first { $0.region == region && $0.id == id && $0.number == number }
    guard let found else { throw SimFault(6, "there is no partition \(number)") }
    return found
  }

  /// Cuts a partition from a block device.
  ///
  /// - Returns: Its number.
  func makePartition(_ volume: SimVolume, _ extent: Extent) throws -> Int {
    guard case .namespace(let region, let id) = volume, try daxAlign(of: volume) == nil else {
      throw SimFault(22, "only the block device of a namespace is partitioned here")
    }
    try check(extent, on: volume, except: nil)
    let taken = memory.partitions.filter { $0.region == region && $0.id == id }.map(\.number)
    let number = (1...).first { !taken.contains($0) } ?? 1
    memory.partitions.append(SimPartition(region: region, id: id, number: number, extent: extent))
    return number
  }

  /// Gives a partition another size, as BLKPG_RESIZE_PARTITION does: nobody who has it open or mapped is asked.
  func resizePartition(_ volume: SimVolume, to size: UInt64) throws {
    guard case .partition(let region, let id, let number) = volume,
      let place = memory.partitions.firstIndex(where: { $0.volume == volume })
    else { throw SimFault(22, "it is no partition") }
    let extent = Extent(offset: memory.partitions[place].extent.offset, length: size)
    guard
      rule(.partitionsShrink)
        || !memory.faults.contains(where: { $0.piece.region == region && $0.piece.namespace == id })
    else { throw SimFault(16, "faults are under way") }
    try check(extent, on: .namespace(region: region, id: id), except: number)
    memory.partitions[place].extent = extent
  }

  func removePartition(_ volume: SimVolume) throws {
    try checkNotHeld(volume)
    guard !memory.processes.contains(where: { isUsed(SimSource(volume: volume, inode: nil), by: $0) }) else {
      throw SimFault(16, "a process has it open")
    }
    for pin in memory.pins.indices where memory.pins[pin].source?.volume == volume {
      memory.pins[pin].source = nil
    }
    memory.partitions.removeAll { $0.volume == volume }
  }

  private func check(_ extent: Extent, on disk: SimVolume, except number: Int?) throws {
    guard case .namespace(let region, let id) = disk else { return }
    guard extent.length > 0, extent.offset % 512 == 0, extent.length % 512 == 0 else {
      throw SimFault(22, "a partition is whole sectors of 512 bytes")
    }
    let size = try size(of: disk)
    guard extent.offset <= size, extent.length <= size - extent.offset else {
      throw SimFault(22, "the device ends at \(size)")
    }
    let others = memory.partitions.filter { $0.region == region && $0.id == id && $0.number != number }
    guard !others.contains(where: { $0.extent.overlaps(extent) }) else {
      throw SimFault(16, "it overlaps another partition")
    }
  }

  // MARK: Faults in two halves

  /// Begins a fault: the block behind an address is looked up, and that is all for now.
  ///
  /// - Returns: The number to finish it by.
  func beginFault(_ pid: Int, at address: UInt64, isStore: Bool, number: Int? = nil) throws -> Int {
    try checkRuns(pid)
    let process = try place(pid)
    let index = try mapping(process, at: address)
    let mapping = memory.processes[process].mappings[index]
    guard !isDying(mapping.source.volume) else { throw SimFault(6, "the device is being taken away") }
    if let reason = obstacle(to: mapping, isStore: isStore) {
      throw SimFault(11, "\(reason): a fault waits before it has begun")
    }
    if let number, !(1...1 << 30).contains(number) || memory.faults.contains(where: { $0.id == number }) {
      throw SimFault(17, "there is a fault \(number), or cannot be")
    }
    let page = mapping.pages((address - mapping.start)..<(address - mapping.start + 1))
    guard isBacked(mapping, page.offset..<page.end) else { throw SimFault(14, "there is nothing behind it") }
    let source = (mapping.offset + page.offset)..<(mapping.offset + page.end)
    guard let piece = pieces(mapping.source.volume, extents(mapping.source, source)).first else {
      throw SimFault(14, "there is nothing behind it")
    }
    let id = number ?? (memory.faults.map(\.id).max() ?? 0) + 1
    memory.faults.append(
      SimFaultInFlight(id: id, pid: pid, address: address, isStore: isStore, piece: piece))
    return id
  }

  /// Finishes a fault: the entry is made for the block that was looked up.
  ///
  /// - Returns: Whether that block is still the mapping's; false is the damage that a size which is not held still does.
  func finishFault(_ id: Int) throws -> Bool {
    guard let place = memory.faults.firstIndex(where: { $0.id == id }) else {
      throw SimFault(3, "there is no fault \(id)")
    }
    let fault = memory.faults.remove(at: place)
    let process = try self.place(fault.pid)
    let index = try mapping(process, at: fault.address)
    let mapping = memory.processes[process].mappings[index]
    let begin = fault.address - mapping.start
    memory.processes[process].mappings[index].populate(begin..<(begin + 1), isStore: fault.isStore)
    let page = mapping.pages(begin..<(begin + 1))
    let source = (mapping.offset + page.offset)..<(mapping.offset + page.end)
    let isOwn =
      !fault.isStray && isBacked(mapping, page.offset..<page.end)
      && pieces(mapping.source.volume, extents(mapping.source, source)).first == fault.piece
    if !isOwn {
      damage(
        .strayEntry,
        "fault \(id) of process \(fault.pid) makes an entry for what is not the mapping's any more")
    }
    settle()
    return isOwn
  }
}
