package import PmemDevice

/// Partitions, and what becomes of faults when one changes under them.
extension MemoryModel {
  package func partition(_ device: DeviceID, _ number: Int) throws(KernelRefusal) -> Partition {
    let found = state.partitions.first { $0.disk == device && $0.number == number }
    guard let found else { throw KernelRefusal(6, "there is no partition \(number)") }
    return found
  }

  /// Cuts a partition from a block device.
  ///
  /// - Returns: Its number.
  package mutating func makePartition(_ volume: Volume, _ extent: Extent) throws(KernelRefusal) -> Int {
    guard case .device(let device) = volume, try daxAlign(of: volume) == nil else {
      throw KernelRefusal(22, "only the block device of a namespace is partitioned here")
    }
    try check(extent, on: volume, except: nil)
    let taken = state.partitions.filter { $0.disk == device }.map(\.number)
    let number = (1...).first { !taken.contains($0) } ?? 1
    state.partitions.append(Partition(disk: device, number: number, extent: extent))
    return number
  }

  /// Resizes a partition, as BLKPG_RESIZE_PARTITION does: although it may be open or mapped.
  package mutating func resizePartition(_ volume: Volume, to size: UInt64) throws(KernelRefusal) {
    guard case .partition(let device, let number) = volume,
      let index = state.partitions.firstIndex(where: { $0.volume == volume })
    else { throw KernelRefusal(22, "it is not a partition") }
    let extent = Extent(offset: state.partitions[index].extent.offset, length: size)
    guard
      rule(.partitionsShrink)
        || !state.pageFaults.contains(where: { $0.piece.device == device })
    else { throw KernelRefusal(16, "faults are under way") }
    try check(extent, on: .device(device), except: number)
    state.partitions[index].extent = extent
  }

  package mutating func removePartition(_ volume: Volume) throws(KernelRefusal) {
    try checkNotHeld(volume)
    guard !state.processes.contains(where: { isUsed(MappedObject(volume: volume, inode: nil), by: $0) })
    else {
      throw KernelRefusal(16, "a process has it open")
    }
    for pin in state.pins.indices where state.pins[pin].source?.volume == volume {
      state.pins[pin].source = nil
    }
    state.filesystems.removeAll { $0.volume == volume }
    state.partitions.removeAll { $0.volume == volume }
  }

  private func check(_ extent: Extent, on disk: Volume, except number: Int?) throws(KernelRefusal) {
    guard case .device(let device) = disk else { return }
    guard extent.length > 0, extent.offset % 512 == 0, extent.length % 512 == 0 else {
      throw KernelRefusal(22, "a partition is whole sectors of 512 bytes")
    }
    let size = try size(of: disk)
    guard extent.offset <= size, extent.length <= size - extent.offset else {
      throw KernelRefusal(22, "the device ends at \(size)")
    }
    let others = state.partitions.filter { $0.disk == device && $0.number != number }
    guard !others.contains(where: { $0.extent.overlaps(extent) }) else {
      throw KernelRefusal(16, "it overlaps another partition")
    }
  }

  // MARK: Faults in two halves

  /// Begins a fault: the block behind an address is looked up, and that is all for now.
  ///
  /// - Returns: The number to finish it by.
  package mutating func beginFault(
    _ pid: ProcessID, at address: UInt64, isStore: Bool, number: FaultID? = nil
  ) throws(KernelRefusal) -> FaultID {
    try checkRuns(pid)
    let process = try processIndex(pid)
    let index = try mapping(process, at: address)
    let mapping = state.processes[process].mappings[index]
    guard !isDying(mapping.source.volume) else { throw KernelRefusal(6, "the device is being removed") }
    let first = address - mapping.start
    if let wait = obstacle(to: mapping, first..<(first + 1), isStore: isStore) {
      throw KernelRefusal(11, "\(wait.reason): a fault waits before it has begun")
    }
    if let number,
      !(1...1 << 30).contains(number.rawValue) || state.pageFaults.contains(where: { $0.id == number })
    {
      throw KernelRefusal(17, "fault \(number) exists already, or is out of range")
    }
    let page = mapping.pages((address - mapping.start)..<(address - mapping.start + 1))
    guard isBacked(mapping, page.offset..<page.end) else {
      throw KernelRefusal(14, "no memory is behind it")
    }
    let source = (mapping.offset + page.offset)..<(mapping.offset + page.end)
    guard let piece = pieces(mapping.source.volume, extents(mapping.source, source)).first else {
      throw KernelRefusal(14, "no memory is behind it")
    }
    let id = number ?? FaultID((state.pageFaults.map(\.id).max()?.rawValue ?? 0) + 1)
    state.pageFaults.append(
      PageFault(id: id, pid: pid, address: address, isStore: isStore, piece: piece))
    return id
  }

  /// Finishes a fault: the entry is made for the block that was looked up.
  ///
  /// - Returns: Whether that block is still the mapping's; false is the damage that a size which is not held still does.
  package mutating func finishFault(_ id: FaultID) throws(KernelRefusal) -> Bool {
    guard let number = state.pageFaults.firstIndex(where: { $0.id == id }) else {
      throw KernelRefusal(3, "there is no fault \(id)")
    }
    let fault = state.pageFaults.remove(at: number)
    let process = try processIndex(fault.pid)
    let index = try mapping(process, at: fault.address)
    let mapping = state.processes[process].mappings[index]
    let begin = fault.address - mapping.start
    state.processes[process].mappings[index].populate(begin..<(begin + 1), isStore: fault.isStore)
    let page = mapping.pages(begin..<(begin + 1))
    let source = (mapping.offset + page.offset)..<(mapping.offset + page.end)
    let isOwn =
      !fault.isStray && isBacked(mapping, page.offset..<page.end)
      && pieces(mapping.source.volume, extents(mapping.source, source)).first == fault.piece
    if !isOwn {
      recordViolation(
        .strayEntry,
        "fault \(id) of process \(fault.pid) inserts an entry for a page that is no longer the mapping's",
        of: "fault \(id)")
    }
    reclaimAndWake()
    return isOwn
  }
}
