import PmemDevice

/// Direct I/O: a buffer in a process's memory, storage in a file.
extension SimKernel {
  /// Begins a transfer: the buffer's pages are referenced, the storage knows that I/O is under way.
  ///
  /// - Returns: Its number.
  func beginTransfer(
    _ pid: Int, buffer: UInt64, length: UInt64, storage: SimSource, offset: UInt64, isRead: Bool,
    number: Int? = nil
  ) throws -> Int {
    guard let file = file(storage), offset < file.size else {
      throw SimFault(22, "the file ends before \(offset)")
    }
    guard offset % 512 == 0, length % 512 == 0 else { throw SimFault(22, "direct I/O is in whole sectors") }
    if let number, !(1...1 << 30).contains(number) || memory.transfers.contains(where: { $0.id == number }) {
      throw SimFault(17, "there is a transfer \(number), or cannot be")
    }
    let pin = try pin(pid, at: buffer, length: length, kind: .directIO).id
    let taken = memory.pins.first { $0.id == pin }?.length ?? length
    let id = number ?? (memory.transfers.map(\.id).max() ?? 0) + 1
    memory.transfers.append(
      SimIO(
        id: id, pid: pid, pin: pin, storage: storage, offset: offset, length: min(taken, file.size - offset),
        isRead: isRead))
    return id
  }

  /// Finishes it: the device has moved the data, and lets go.
  func finishTransfer(_ id: Int) throws {
    guard let place = memory.transfers.firstIndex(where: { $0.id == id }) else {
      throw SimFault(3, "there is no transfer \(id)")
    }
    let transfer = memory.transfers.remove(at: place)
    if transfer.isRead {
      if memory.pins.contains(where: { $0.id == transfer.pin }) { try writeThroughPin(transfer.pin) }
    } else if let filesystem = filesystem(transfer.storage.volume), file(transfer.storage) != nil {
      store(
        transfer.storage, transfer.offset / 4096..<(transfer.offset + transfer.length + 4095) / 4096,
        isDAX: filesystem.isDAX)
    }
    guard memory.pins.contains(where: { $0.id == transfer.pin }) else {
      settle()
      return
    }
    try unpin(transfer.pin)
  }
}
