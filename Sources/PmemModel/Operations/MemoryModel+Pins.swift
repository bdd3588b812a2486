package import PmemDevice

/// References to pages: get_user_pages and who calls it.
extension MemoryModel {
  /// Takes references to pages that a process has mapped. Direct I/O continues with those that it got; all others want
  /// all or nothing (io_uring/rsrc.c:io_sqe_buffer_register, drivers/infiniband/core/umem.c:ib_umem_get). For writing,
  /// pages without a writable entry are faulted in as by a store, and wait as that does (mm/gup.c:faultin_page).
  ///
  /// - Parameters:
  ///   - pid: The process.
  ///   - request: The range, the purpose, and the pin's number; nil: the next.
  /// - Returns: The number to release them by, and the cost of taking them; nil while the process waits.
  /// - Throws: The kernel's error; no reference is taken then.
  package mutating func pin(
    _ pid: ProcessID, _ request: PinRequest
  ) throws(KernelRefusal) -> (id: PinID, grant: ReferenceGrant)? {
    _ = try processIndex(pid)
    guard !isWaiting(pid) else { throw KernelRefusal(16, "process \(pid) waits") }
    if let wait = try obstacle(to: request, by: pid) {
      block(pid, in: .pin(request), wait)
      return nil
    }
    return try takePin(pid, request)
  }

  /// The object that taking references waits for.
  func obstacle(to request: PinRequest, by pid: ProcessID) throws(KernelRefusal) -> Wait? {
    let process = try processIndex(pid)
    let mapping = state.processes[process].mappings[try mapping(process, at: request.address)]
    let bytes = request.length ?? mapping.end - request.address
    guard bytes > 0, bytes <= mapping.end - request.address else {
      throw KernelRefusal(14, "not all of it is mapped")
    }
    try check(request, mapping)
    guard rule(.pinsFaultIn), !request.kind.isTransientKernelReference else { return nil }
    let begin = request.address - mapping.start
    let backed = backedLength(mapping, begin..<(begin + bytes))
    guard backed > 0 else { return nil }
    let range = begin..<(begin + backed)
    guard !mapping.hasEntries(range, isStore: request.isWrite) else { return nil }
    return obstacle(to: mapping, range, isStore: request.isWrite)
  }

  mutating func takePin(
    _ pid: ProcessID, _ request: PinRequest
  ) throws(KernelRefusal) -> (id: PinID, grant: ReferenceGrant) {
    let (address, kind, number) = (request.address, request.kind, request.number)
    let process = try processIndex(pid)
    let index = try mapping(process, at: address)
    let mapping = state.processes[process].mappings[index]
    var bytes = request.length ?? mapping.end - address
    guard bytes > 0, bytes <= mapping.end - address else {
      throw KernelRefusal(14, "not all of it is mapped")
    }
    if let number, !(1...1 << 30).contains(number.rawValue) || state.pins.contains(where: { $0.id == number })
    {
      throw KernelRefusal(17, "pin \(number) exists already, or is out of range")
    }
    try check(request, mapping)
    let begin = address - mapping.start
    let backed = backedLength(mapping, begin..<(begin + bytes))
    guard backed == bytes || kind == .directIO && backed > 0 else {
      throw KernelRefusal(14, "no memory is behind it")
    }
    bytes = backed
    var pin = Pin(
      id: number ?? PinID(state.nextPin), pid: pid, command: state.processes[process].command, kind: kind,
      address: address, length: bytes, pieces: [], isWrite: request.isWrite)
    pin.source = mapping.source
    pin.offset = mapping.offset + begin
    if mapping.isPrivate,
      request.isWrite || mapping.anonymous.contains(mapping.pages(begin..<(begin + bytes)))
    {
      return takePrivatePin(pin, process, index, begin..<(begin + bytes))
    }
    if isOnDemand(kind, mapping) {
      pin.isOnDemand = true
      note(pin)
      return (pin.id, ReferenceGrant())
    }
    let bounces = policies.truncate == .bounce && mapping.source.inode != nil
    var grant = ReferenceGrant()
    if !mapping.isDAX || bounces {
      pin.isDRAM = true
      grant.pages = UInt64(pin.pages.count)
      grant.copied = copyToDRAM(mapping.source, pin.pages)
      // Asking for pages to write to is a fault that stores: the filesystem learns of it (page_mkwrite).
      if !mapping.isDAX, request.isWrite {
        withFile(mapping.source) { $0.dirty.set(pin.pages, true) }
      }
    } else {
      let source = pin.pages.lowerBound * 4096..<pin.pages.upperBound * 4096
      grant = getPages(
        pieces(mapping.source.volume, extents(mapping.source, source)), kind, leaf: mapping.pageSize)
      if let fault = grant.fault {
        guard kind == .directIO, grant.pages > 0 else {
          putPages(grant.pieces, kind)
          throw fault
        }
        bytes = min(bytes, grant.pages * 4096 - pin.offset % 4096)
        pin.length = bytes
      }
      pin.pieces = grant.pieces
    }
    let isStore = request.isWrite && rule(.pinsFaultIn)
    state.processes[process].mappings[index].populate(begin..<(begin + bytes), isStore: isStore)
    note(pin)
    return (pin.id, grant)
  }

  private mutating func note(_ pin: Pin) {
    state.nextPin = max(state.nextPin, pin.id.rawValue + 1)
    state.pins.insert(pin, at: state.pins.firstIndex { $0.id > pin.id } ?? state.pins.endIndex)
  }

  /// A private mapping's page that is pinned for writing is copied first, and the copy is the process's.
  private mutating func takePrivatePin(
    _ pin: Pin, _ process: Int, _ index: Int, _ range: Range<UInt64>
  ) -> (id: PinID, grant: ReferenceGrant) {
    var pin = pin
    state.processes[process].mappings[index].copyOnWrite(range)
    pin.isDRAM = true
    pin.source = nil
    note(pin)
    var grant = ReferenceGrant()
    grant.pages = UInt64(pin.pages.count)
    return (pin.id, grant)
  }

  /// Whether what is registered for a device takes no references, and faults when the device gets there
  /// (drivers/infiniband/core/umem_odp.c).
  private func isOnDemand(_ kind: PinKind, _ mapping: MemoryMapping) -> Bool {
    kind.isLongTerm && mapping.source.inode != nil && policies.longTerm == .onDemand && rule(.onDemandFaults)
  }

  /// mm/gup.c:check_vma_flags; io_uring/rsrc.c before 6.5.
  private func check(_ request: PinRequest, _ mapping: MemoryMapping) throws(KernelRefusal) {
    let kind = request.kind
    guard !request.isWrite || mapping.isWritable || !rule(.writingTakesPermission) else {
      throw KernelRefusal(14, "it is mapped for reading, and pinned for writing")
    }
    let refuses =
      kind.isLongTerm && mapping.source.inode != nil && policies.longTerm == .refuse
      && rule(.longTermIsRefused)
    guard mapping.isDAX else {
      guard mapping.source.inode != nil else {
        throw KernelRefusal(22, "that is the page cache: a reference to it does not reach persistent memory")
      }
      guard !refuses || !request.isWrite || mapping.isPrivate || !rules.refusesLongTermPageCache else {
        throw KernelRefusal(14, "a file whose filesystem tracks stores has no long-term pins")
      }
      return
    }
    guard !isPageless(mapping.source.volume) || !rule(.pagelessCannotBePinned) else {
      throw KernelRefusal(14, "its memory has no pages: get_user_pages fails")
    }
    guard !refuses else { throw KernelRefusal(95, "memory of a DAX filesystem is not pinned for long") }
    guard kind != .ioUring || rules.registersDeviceBuffers else {
      throw KernelRefusal(95, "this kernel's io_uring takes no buffer that is a file's")
    }
  }

  /// Raw namespaces have no struct pages, whatever is mapped of them (before 4.15 a filesystem too).
  private func isPageless(_ volume: Volume) -> Bool {
    devices(under: volume).contains { !(device($0)?.hasStructPages ?? false) }
  }

  /// VFIO releases its pins on device-dax never: they outlive their process.
  package func isLeaked(_ pin: Pin) -> Bool { pin.kind == .vfio && !pin.isDRAM && rule(.vfioForgets) }

  /// Releases references. If their struct pages are gone, the kernel crashes.
  package mutating func unpin(_ id: PinID) throws(KernelRefusal) {
    guard let index = state.pins.firstIndex(where: { $0.id == id }) else {
      throw KernelRefusal(3, "there is no pin \(id)")
    }
    guard state.pins[index].pid != 0 else {
      throw KernelRefusal(3, "no process is left that could release pin \(id)")
    }
    let isFatal = release(at: index)
    reclaimAndWake()
    guard !isFatal else {
      throw KernelRefusal(
        14, "the kernel oopsed: use after free, the dev_pagemap of the released pages is gone")
    }
  }

  /// Drops a pin or, if its holder leaks it, the holder.
  ///
  /// - Returns: Whether the kernel died of it.
  @discardableResult mutating func release(at index: Int) -> Bool {
    guard !isLeaked(state.pins[index]) else {
      state.pins[index].pid = 0
      return false
    }
    let pin = state.pins.remove(at: index)
    guard !pin.isDRAM else {
      dirty(pin)
      return false
    }
    guard pin.isDangling else {
      putPages(pin.pieces, pin.kind)
      return false
    }
    // If the device came back, its new pages are decremented for those of its former life.
    let isBack = pin.pieces.allSatisfy { isAlive($0.device) }
    if isBack { putPages(pin.pieces, pin.kind) }
    recordViolation(
      .useAfterFree,
      isBack
        ? "pin \(pin.id) of process \(pin.pid) was released on pages of the device's next dev_pagemap"
        : "pin \(pin.id) of process \(pin.pid) was released after the dev_pagemap of its pages was gone",
      of: "pin \(pin.id)")
    return !isBack
  }
}
