package import PmemDevice

/// Direct I/O: a buffer in a process's memory, storage in a file.
extension MemoryModel {
  /// Begins a transfer: the buffer's pages are referenced, the storage knows that I/O is under way. One that writes has write
  /// access to its filesystem until it is finished (include/linux/fs.h:kiocb_start_write).
  ///
  /// - Returns: Its number; nil while the process waits.
  /// - Throws: EINVAL unless the range is whole sectors before the file's end, and the errors of pinning the buffer.
  package mutating func beginTransfer(
    _ pid: ProcessID, _ request: TransferRequest
  ) throws(KernelRefusal) -> TransferID? {
    try checkRuns(pid)
    if let wait = try obstacle(to: request, by: pid) {
      block(pid, in: .beginTransfer(request), wait)
      return nil
    }
    return try takeTransfer(pid, request)
  }

  private func buffer(_ request: TransferRequest) -> PinRequest {
    PinRequest(
      address: request.buffer, length: request.length, kind: .directIO,
      isWrite: request.isRead || !rule(.readersOnlyRead))
  }

  func obstacle(to request: TransferRequest, by pid: ProcessID) throws(KernelRefusal) -> Wait? {
    try check(request)
    if !request.isRead, let wait = freezeWait(request.storage.volume) { return wait }
    if let wait = inodeLockWait(request.storage) { return wait }
    return try obstacle(to: buffer(request), by: pid)
  }

  private func check(_ request: TransferRequest) throws(KernelRefusal) {
    guard let file = file(request.storage), request.offset < file.size else {
      throw KernelRefusal(22, "the file ends before \(request.offset)")
    }
    guard request.offset % 512 == 0, request.length % 512 == 0 else {
      throw KernelRefusal(22, "direct I/O is in whole sectors")
    }
    if let number = request.number,
      !(1...1 << 30).contains(number.rawValue) || state.transfers.contains(where: { $0.id == number })
    {
      throw KernelRefusal(17, "transfer \(number) exists already, or is out of range")
    }
  }

  mutating func takeTransfer(
    _ pid: ProcessID, _ request: TransferRequest
  ) throws(KernelRefusal) -> TransferID {
    try check(request)
    let size = file(request.storage)?.size ?? 0
    let pin = try takePin(pid, buffer(request)).id
    let taken = state.pins.first { $0.id == pin }?.length ?? request.length
    let id = request.number ?? TransferID((state.transfers.map(\.id).max()?.rawValue ?? 0) + 1)
    state.transfers.append(
      DirectIO(
        id: id, pid: pid, pin: pin, storage: request.storage, offset: request.offset,
        length: min(taken, size - request.offset), isRead: request.isRead))
    return id
  }

  /// Finishes it: the device has moved the data, and lets go.
  ///
  /// - Throws: ESRCH, and EAGAIN if the device's queue is stopped.
  package mutating func finishTransfer(_ id: TransferID) throws(KernelRefusal) {
    guard let index = state.transfers.firstIndex(where: { $0.id == id }) else {
      throw KernelRefusal(3, "there is no transfer \(id)")
    }
    let transfer = state.transfers[index]
    let isDAX = filesystem(transfer.storage.volume)?.isDAX ?? true
    if !isDAX, let wait = queueWait(transfer.storage.volume) {
      throw KernelRefusal(11, "\(wait.reason): the device does not finish it")
    }
    state.transfers.remove(at: index)
    if transfer.isRead {
      if state.pins.contains(where: { $0.id == transfer.pin }) { try writeThroughPin(transfer.pin) }
    } else if file(transfer.storage) != nil {
      let pages = transfer.offset / 4096..<(transfer.offset + transfer.length + 4095) / 4096
      store(transfer.storage, pages, isDAX: isDAX)
      if !isDAX { writeDirectly(transfer.storage, pages) }
    }
    guard state.pins.contains(where: { $0.id == transfer.pin }) else {
      reclaimAndWake()
      return
    }
    try unpin(transfer.pin)
  }

  /// Direct I/O goes to the media, and the page cache's copy of the range is invalidated (mm/filemap.c:
  /// kiocb_invalidate_post_direct_write). A page that is referenced is not dropped, and a dirty one stays dirty
  /// (mm/truncate.c:invalidate_complete_folio2): a holder that has it pinned for writing may still write to it.
  private mutating func writeDirectly(_ source: MappedObject, _ pages: Range<UInt64>) {
    guard let file = file(source) else { return }
    for copy in file.copies.parts(pages) {
      guard let value = copy.value else { continue }
      setMedia(source.volume, file.runs(copy.range).map(\.extent), value)
    }
    var kept = RunMap(false)
    for pin in state.pins where pin.isDRAM && pin.isWrite && pin.source == source {
      kept.set(pin.attachedPages, true)
    }
    for part in kept.parts(pages) where !part.value { withFile(source) { $0.dirty.set(part.range, false) } }
  }
}
