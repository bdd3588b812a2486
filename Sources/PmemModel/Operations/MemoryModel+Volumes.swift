package import PmemDevice

/// Volumes: block devices, DAX devices, and what is stacked on them.
extension MemoryModel {
  /// The device of a namespace's volume; nil for another one.
  ///
  /// - Parameter volume: A namespace's device.
  /// - Returns: Its driver.
  /// - Throws: ENXIO if there is no such device, or no driver is bound.
  package func liveDevice(_ volume: Volume) throws(KernelRefusal) -> DeviceView? {
    guard case .device(let id) = volume else { return nil }
    let device = try existingDevice(id)
    guard device.isAlive else { throw KernelRefusal(6, "\(id) is disabled") }
    return device
  }

  func existingDevice(_ id: DeviceID) throws(KernelRefusal) -> DeviceView {
    guard let device = device(id) else { throw KernelRefusal(6, "there is no \(id)") }
    return device
  }

  package func stack(_ number: Int) throws(KernelRefusal) -> StackedDevice {
    guard let stack = state.stacks.first(where: { $0.number == number }) else {
      throw KernelRefusal(6, "there is no dm-\(number)")
    }
    return stack
  }

  /// Bytes that its users have.
  package func size(of volume: Volume) throws(KernelRefusal) -> UInt64 {
    if let device = try liveDevice(volume) { return device.size }
    switch volume {
    case .device: return 0
    case .partition(let device, let number):
      _ = try liveDevice(.device(device))
      return try partition(device, number).extent.length
    case .stack(let number): return try stack(number).size
    }
  }

  /// The alignment of a DAX device; nil for a block device.
  package func daxAlign(of volume: Volume) throws(KernelRefusal) -> UInt64? {
    guard let device = try liveDevice(volume), device.isDAXDevice else { return nil }
    guard device.kind == .devdax else { throw KernelRefusal(6, "no driver exposes its memory to programs") }
    return device.alignment
  }

  /// Whether a filesystem on it can have DAX: a fsdax namespace does, an e820 range as it is, and a stack of those whose
  /// pieces all begin at a page.
  package func hasDAX(_ volume: Volume) throws(KernelRefusal) -> Bool {
    switch volume {
    case .device:
      guard let device = try liveDevice(volume) else { return false }
      return device.kind == .fsdax
        || device.kind == .raw && (device.hasNativePages || rules.hasPagelessDAX)
    case .partition(let device, let number):
      let extent = try partition(device, number).extent
      guard extent.offset % 4096 == 0, extent.length % 4096 == 0 else { return false }
      return try hasDAX(.device(device))
    case .stack(let number):
      for piece in try stack(number).pieces {
        guard piece.extent.offset % 4096 == 0, piece.extent.length % 4096 == 0, try hasDAX(piece.volume)
        else { return false }
      }
      return true
    }
  }

  /// Whether mmap of a block device is DAX (4.5's fs/block_dev.c:blkdev_dax_capable): the driver offers it, the device is
  /// whole pages, and has no bad block. A stack did not offer it then.
  package func mapsDirectly(_ volume: Volume) throws(KernelRefusal) -> Bool {
    guard rules.mapsBlockDevices, rule(.blockDevicesMapDirectly),
      let id = devices(under: volume).first, let device = try liveDevice(.device(id)), device.kind != .sector
    else { return false }
    switch volume {
    case .device: break
    case .partition(_, let number):
      guard try partition(id, number).extent.offset % 4096 == 0 else { return false }
    case .stack: return false
    }
    return try size(of: volume) % 4096 == 0 && device.isMediaClean
  }

  /// Translates extents of a volume to namespaces.
  package func pieces(_ volume: Volume, _ extents: [Extent]) -> [DeviceExtent] {
    switch volume {
    case .device(let device):
      return extents.map { DeviceExtent(device: device, extent: $0) }
    case .partition(let device, let number):
      guard let partition = try? partition(device, number) else { return [] }
      return pieces(
        .device(device),
        extents.map { Extent(offset: $0.offset + partition.extent.offset, length: $0.length) })
    case .stack(let number):
      guard let stack = state.stacks.first(where: { $0.number == number }) else { return [] }
      return extents.flatMap { extent -> [DeviceExtent] in
        var position: UInt64 = 0
        return stack.pieces.flatMap { piece -> [DeviceExtent] in
          let own = position..<(position + piece.extent.length)
          position = own.upperBound
          let part = own.clamped(to: extent.offset..<(extent.offset + extent.length))
          guard !part.isEmpty else { return [] }
          return pieces(
            piece.volume,
            [
              Extent(
                offset: piece.extent.offset + part.lowerBound - own.lowerBound,
                length: part.upperBound - part.lowerBound)
            ])
        }
      }
    }
  }

  /// Translates a part of a mapping's source to its volume.
  package func extents(_ source: MappedObject, _ range: Range<UInt64>) -> [Extent] {
    guard let inode = source.inode else {
      return [Extent(offset: range.lowerBound, length: range.upperBound - range.lowerBound)]
    }
    return filesystem(source.volume)?.file(inode)?.pieces(range) ?? []
  }

  /// The devices under a volume.
  package func devices(under volume: Volume) -> [DeviceID] {
    switch volume {
    case .device(let device), .partition(let device, _): return [device]
    case .stack(let number):
      let stack = state.stacks.first { $0.number == number }
      return stack?.pieces.flatMap { devices(under: $0.volume) } ?? []
    }
  }

  func isUnder(_ volume: Volume, _ device: DeviceID) -> Bool { devices(under: volume).contains(device) }

  // MARK: Who has it exclusively

  /// Refuses a device that is open exclusively: EBUSY.
  package func checkNotHeld(_ volume: Volume, by what: String? = nil) throws(KernelRefusal) {
    if let holder = holder(of: volume), holder != what { throw KernelRefusal(16, "\(holder) has it") }
  }

  /// Who has a volume exclusively (block/bdev.c:bd_prepare_to_claim).
  package func holder(of volume: Volume) -> String? {
    if let filesystem = filesystem(volume), filesystem.isLive { return "a filesystem (\(filesystem.type))" }
    if state.swaps.contains(volume) { return "swap" }
    // A disk and its partitions are claimed together (block/bdev.c:bd_may_claim).
    if case .device(let device) = volume {
      for partition in state.partitions where partition.disk == device {
        if let holder = holder(of: partition.volume) { return "partition \(partition.number): \(holder)" }
      }
    }
    return state.stacks.first { $0.pieces.contains { $0.volume == volume } }.map {
      "dm-\($0.number) (\($0.name))"
    }
  }

  // MARK: Stacking

  /// Joins volumes to one, all of each.
  ///
  /// - Returns: The N of `dm-N`.
  package mutating func makeStack(_ name: String, _ volumes: [Volume]) throws(KernelRefusal) -> Int {
    guard !state.stacks.contains(where: { $0.name == name }) else {
      throw KernelRefusal(16, "there is a device mapper device \"\(name)\"")
    }
    guard Set(volumes).count == volumes.count else { throw KernelRefusal(16, "a device is named twice") }
    var pieces: [StackedDevice.Piece] = []
    for volume in volumes {
      guard try daxAlign(of: volume) == nil else {
        throw KernelRefusal(15, "a DAX device is not a block device")
      }
      try checkNotHeld(volume)
      pieces.append(
        StackedDevice.Piece(volume: volume, extent: Extent(offset: 0, length: try size(of: volume))))
      guard depth(of: volume) < StackedDevice.deepest else {
        throw KernelRefusal(
          22, "a stack of more than \(StackedDevice.deepest) devices on each other is not supported")
      }
    }
    guard volumes.flatMap(devices(under:)).count <= StackedDevice.mostLeaves else {
      throw KernelRefusal(22, "a stack of more than \(StackedDevice.mostLeaves) devices is not supported")
    }
    var number = 0
    while state.stacks.contains(where: { $0.number == number }) { number += 1 }
    state.stacks.append(StackedDevice(number: number, name: name, pieces: pieces))
    return number
  }

  /// How many stacks are on each other; 0 for what is none.
  private func depth(of volume: Volume) -> Int {
    guard case .stack(let number) = volume, let stack = state.stacks.first(where: { $0.number == number })
    else { return 0 }
    return 1 + (stack.pieces.map { depth(of: $0.volume) }.max() ?? 0)
  }

  package mutating func removeStack(_ name: String) throws(KernelRefusal) {
    guard let index = state.stacks.firstIndex(where: { $0.name == name || "dm-\($0.number)" == name }) else {
      throw KernelRefusal(6, "there is no device mapper device \"\(name)\"")
    }
    let volume = Volume.stack(state.stacks[index].number)
    try checkNotHeld(volume)
    guard !state.processes.contains(where: { isUsed(MappedObject(volume: volume, inode: nil), by: $0) })
    else {
      throw KernelRefusal(16, "a process has it open")
    }
    for pin in state.pins.indices where state.pins[pin].source?.volume == volume {
      state.pins[pin].source = nil
    }
    state.filesystems.removeAll { $0.volume == volume }
    state.stacks.remove(at: index)
  }

  package mutating func swapOn(_ volume: Volume) throws(KernelRefusal) {
    guard try daxAlign(of: volume) == nil else {
      throw KernelRefusal(22, "a DAX device is not a block device")
    }
    try checkNotHeld(volume)
    // Its content is overwritten.
    state.filesystems.removeAll { $0.volume == volume }
    state.swaps.append(volume)
  }

  package mutating func swapOff(_ volume: Volume) throws(KernelRefusal) {
    guard let index = state.swaps.firstIndex(of: volume) else {
      throw KernelRefusal(22, "it is not swapped to")
    }
    state.swaps.remove(at: index)
  }
}
