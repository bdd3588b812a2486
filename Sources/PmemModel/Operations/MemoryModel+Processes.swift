package import PmemDevice

/// Processes and their address spaces.
extension MemoryModel {
  // MARK: Processes

  /// Starts a process; without a number it gets the lowest free one from 1000.
  package mutating func startProcess(_ command: String, pid: ProcessID?) throws(KernelRefusal) -> ProcessID {
    let used = Set(state.processes.map(\.pid))
    var number = pid ?? 1000
    if pid == nil { while used.contains(number) { number = ProcessID(number.rawValue + 1) } }
    guard number > 0, number.rawValue < 1 << 22 else {
      throw KernelRefusal(22, "\(number) is not a process number")
    }
    guard !used.contains(number) else { throw KernelRefusal(17, "there is a process \(number)") }
    state.processes.append(ModelProcess(pid: number, command: String(command.prefix(15))))
    state.processes.sort { $0.pid < $1.pid }
    return number
  }

  /// Copies a process: its descriptors, and its mappings without their page table entries, which a child gets when it
  /// touches them (mm/state.c:vma_needs_copy).
  package mutating func forkProcess(_ pid: ProcessID, child: ProcessID?) throws(KernelRefusal) -> ProcessID {
    let parent = state.processes[try processIndex(pid)]
    let number = try startProcess(parent.command, pid: child)
    let own = try processIndex(number)
    state.processes[own].open = parent.open
    state.processes[own].mappings = parent.mappings.map { mapping in
      var copy = mapping
      copy.presentPTEs = ExtentSet()
      copy.writablePTEs = ExtentSet()
      return copy
    }
    return number
  }

  /// Ends a process, its mappings and its pins with it, but for those that are never released.
  package mutating func stopProcess(_ pid: ProcessID) throws(KernelRefusal) {
    let index = try processIndex(pid)
    // A process that cannot be killed stays until the object that it waits for is gone.
    if let wait = state.blockedTasks.first(where: { $0.pid == pid }), !wait.isKillable {
      throw KernelRefusal(16, "process \(pid) waits in the kernel and cannot be killed: \(wait.reason)")
    }
    state.processes.remove(at: index)
    for task in state.blockedTasks where task.pid == pid { backOut(of: task) }
    state.blockedTasks.removeAll { $0.pid == pid }
    state.pageFaults.removeAll { $0.pid == pid }
    // A device's I/O is completed, or cancelled, before its memory is released.
    state.transfers.removeAll { $0.pid == pid }
    for index in state.pins.indices.reversed() where state.pins[index].pid == pid { release(at: index) }
    reclaimAndWake()
  }

  package func processIndex(_ pid: ProcessID) throws(KernelRefusal) -> Int {
    guard let index = state.processes.firstIndex(where: { $0.pid == pid }) else {
      throw KernelRefusal(3, "there is no process \(pid)")
    }
    return index
  }

  package mutating func open(_ pid: ProcessID, _ source: MappedObject) throws(KernelRefusal) {
    let process = try processIndex(pid)
    if source.inode == nil { _ = try size(of: source.volume) }
    state.processes[process].open.append(source)
  }

  package mutating func close(_ pid: ProcessID, _ source: MappedObject) throws(KernelRefusal) {
    let process = try processIndex(pid)
    guard let index = state.processes[process].open.lastIndex(of: source) else {
      throw KernelRefusal(9, "process \(pid) has not opened it")
    }
    state.processes[process].open.remove(at: index)
    reclaimAndWake()
  }

  // MARK: Mappings

  /// How a mapping is to be made.
  package struct MapRequest: Hashable, Sendable {
    var source: MappedObject
    /// In the device or file, bytes.
    var offset: UInt64
    /// nil: to the end.
    var length: UInt64?
    var isWritable: Bool
    var isSync: Bool
    /// MAP_PRIVATE.
    var isPrivate: Bool

    package init(
      source: MappedObject, offset: UInt64 = 0, length: UInt64? = nil, isWritable: Bool = true,
      isSync: Bool = false, isPrivate: Bool = false
    ) {
      self.isPrivate = isPrivate
      self.source = source
      self.offset = offset
      self.length = length
      self.isWritable = isWritable
      self.isSync = isSync
    }
  }

  /// Maps a part of an enabled namespace's device, or of a file, shared.
  ///
  /// A DAX device is mapped in multiples of its alignment only (drivers/dax/device.c:check_vma); beyond its end the
  /// mapping is made, and touching it fails.
  ///
  /// - Returns: The address.
  package mutating func map(_ pid: ProcessID, _ request: MapRequest) throws(KernelRefusal) -> UInt64 {
    let process = try processIndex(pid)
    guard !isDying(request.source.volume) else { throw KernelRefusal(6, "the device is being removed") }
    let (size, page, isDAX) = try facts(of: request.source)
    guard request.offset < size else { throw KernelRefusal(22, "it ends before \(request.offset)") }
    let bytes = request.length ?? (size - request.offset + page - 1) / page * page
    guard request.offset % page == 0, bytes > 0, bytes % page == 0, bytes <= 1 << 50 else {
      throw KernelRefusal(22, "offset and length must be multiples of \(page)")
    }
    // drivers/dax/device.c:check_vma; mm/mmap.c: MAP_SYNC comes with MAP_SHARED_VALIDATE.
    guard !request.isPrivate || !request.isSync && request.source.inode != nil else {
      throw KernelRefusal(22, "only a file is mapped private here, and without MAP_SYNC")
    }
    // mm/mmap.c: MAP_SYNC is for files that support it.
    guard !request.isSync || isDAX else {
      throw KernelRefusal(95, "the page cache cannot be mapped with MAP_SYNC")
    }
    let taken = state.processes[process].mappings.map(\.end).max() ?? Self.firstAddress
    let unit = max(page, 2 << 20)
    let start = (taken + 2 * unit - 1) / unit * unit
    state.processes[process].mappings.append(
      MemoryMapping(
        start: start, length: bytes, source: request.source, offset: request.offset,
        isWritable: request.isWritable, isSync: request.isSync, pageSize: page, isDAX: isDAX,
        isPrivate: request.isPrivate && rule(.privateMappingsCopy)))
    return start
  }

  private static let firstAddress: UInt64 = 0x7f00_0000_0000

  /// Its size, its pages, and whether it is DAX.
  package func facts(of source: MappedObject) throws(KernelRefusal) -> (
    size: UInt64, page: UInt64, isDAX: Bool
  ) {
    if let inode = source.inode {
      guard let filesystem = filesystem(source.volume), let file = filesystem.file(inode) else {
        throw KernelRefusal(2, "there is no such file")
      }
      return (file.size, pageSize, filesystem.isDAX)
    }
    let align = try daxAlign(of: source.volume)
    let isDAX = align != nil ? true : try mapsDirectly(source.volume)
    return (try size(of: source.volume), align ?? pageSize, isDAX)
  }

  /// Takes a whole mapping, or a part of it at either end or in the middle, away.
  package mutating func unmap(_ pid: ProcessID, at address: UInt64, length: UInt64?) throws(KernelRefusal) {
    let process = try processIndex(pid)
    let index = try mapping(process, at: address)
    let mapping = state.processes[process].mappings[index]
    let end = length.map { address.addingReportingOverflow($0).partialValue } ?? mapping.end
    // Pages of a DAX device are not split (dev_dax_may_split).
    guard (address - mapping.start) % mapping.pageSize == 0, (end &- mapping.start) % mapping.pageSize == 0,
      end > address, end <= mapping.end
    else {
      throw KernelRefusal(22, "only multiples of \(mapping.pageSize) can be unmapped, inside one mapping")
    }
    state.processes[process].mappings.replaceSubrange(
      index...index,
      with: [
        mapping.part(0..<(address - mapping.start)), mapping.part((end - mapping.start)..<mapping.length),
      ].compactMap { $0 })
    reclaimAndWake()
  }

  /// Accesses memory, by loads or by stores.
  package mutating func access(_ pid: ProcessID, at address: UInt64, length: UInt64, isStore: Bool)
    throws(KernelRefusal) -> AccessOutcome
  {
    try perform(.access(address: address, length: length, isStore: isStore), by: pid)
  }

  package mutating func attemptAccess(_ pid: ProcessID, at address: UInt64, length: UInt64, isStore: Bool)
    throws(KernelRefusal) -> OperationProgress
  {
    let process = try processIndex(pid)
    let index = try mapping(process, at: address)
    let mapping = state.processes[process].mappings[index]
    guard length > 0, length <= mapping.end - address else {
      throw KernelRefusal(14, "not all of it is mapped: the process would be killed by SIGSEGV")
    }
    guard !isStore || mapping.isWritable else {
      throw KernelRefusal(14, "it is mapped for reading: the process would be killed by SIGSEGV")
    }
    let range = (address - mapping.start)..<(address - mapping.start + length)
    let isThere = mapping.hasEntries(range, isStore: isStore)
    // A present entry needs no fault, whatever became of the device's size.
    let isBacked = isBacked(mapping, range) && !isDying(mapping.source.volume)
    guard isThere && !mapping.isRevoked || isBacked, !isBad(mapping, range) else {
      try stopProcess(pid)
      return .killed
    }
    if !isThere || !rule(.entriesNeedNoFault), let wait = obstacle(to: mapping, range, isStore: isStore) {
      return .waits(wait)
    }
    if !isThere, mapping.isDAX {
      let progress = attemptDriver(under: mapping, range)
      if case .killed = progress { try stopProcess(pid) }
      guard case .done = progress else { return progress }
    }
    guard !mapping.isPrivate else {
      accessPrivately(process, index, range, isStore: isStore)
      return .done
    }
    let pages = mapping.sourcePages(range)
    // MAP_SYNC: the fault commits what the file's blocks are (fs/dax.c:dax_finish_sync_fault).
    let isSynchronous = isStore && mapping.isSync && mapping.isDAX && mapping.source.inode != nil
    if isSynchronous, !isThere {
      let progress = attemptCommit(of: mapping.source)
      guard case .done = progress else { return progress }
    }
    state.processes[process].mappings[index].populate(range, isStore: isStore)
    if isStore {
      store(mapping.source, pages, isDAX: mapping.isDAX, isNoticed: !isThere)
      if isSynchronous, rule(.syncMappingsPromise) { promise(mapping.source, pages) }
    } else {
      load(mapping.source, pages, isDAX: mapping.isDAX)
    }
    return .done
  }

  /// A store to a private mapping copies the page; what was copied is no page of the file any more.
  private mutating func accessPrivately(
    _ process: Int, _ index: Int, _ range: Range<UInt64>, isStore: Bool
  ) {
    let mapping = state.processes[process].mappings[index]
    if isStore {
      state.processes[process].mappings[index].copyOnWrite(range)
      return
    }
    var shown = ExtentSet()
    shown.insert(mapping.pages(range))
    for copied in mapping.anonymous.extents { shown.remove(copied) }
    for part in shown.extents {
      state.processes[process].mappings[index].populate(part.offset..<part.end)
      load(mapping.source, mapping.sourcePages(part.offset..<part.end), isDAX: mapping.isDAX)
    }
  }

  /// The object that a fault on a part of a mapping waits for; a store to a private mapping is no store to the file
  /// (fs/ext4/file.c:ext4_dax_huge_fault looks at VM_SHARED).
  package func obstacle(to mapping: MemoryMapping, _ range: Range<UInt64>, isStore: Bool) -> Wait? {
    let isStore = isStore && !mapping.isPrivate
    if let freeze = freeze(holdingUp: mapping, isStore: isStore) {
      return Wait(
        freeze.isFilesystem ? .freeze(freeze.volume) : .queue(freeze.volume),
        "\(freeze.volume.word) is \(freeze.word)")
    }
    guard !mapping.isDAX, mapping.source.inode != nil else { return nil }
    let pages = mapping.sourcePages(range)
    if !isCached(mapping.source, pages), let wait = queueWait(mapping.source.volume) { return wait }
    return pageLockWait(mapping.source, pages, isFault: true)
  }

  /// Whether there is something behind all pages of a part of a mapping.
  package func isBacked(_ mapping: MemoryMapping, _ range: Range<UInt64>) -> Bool {
    guard !mapping.isRevoked, let facts = try? facts(of: mapping.source) else { return false }
    // A file's last page is there as a whole.
    let size = mapping.source.inode == nil ? facts.size : (facts.size + 4095) / 4096 * 4096
    return mapping.offset + range.upperBound <= size
  }

  /// How much of a part of a mapping, from its beginning, has something behind it.
  package func backedLength(_ mapping: MemoryMapping, _ range: Range<UInt64>) -> UInt64 {
    guard !mapping.isRevoked, let facts = try? facts(of: mapping.source) else { return 0 }
    let size = mapping.source.inode == nil ? facts.size : (facts.size + 4095) / 4096 * 4096
    guard mapping.offset + range.lowerBound < size else { return 0 }
    return min(UInt64(range.count), size - mapping.offset - range.lowerBound)
  }

  package func mapping(_ process: Int, at address: UInt64) throws(KernelRefusal) -> Int {
    let found = state.processes[process].mappings.firstIndex { $0.start <= address && address < $0.end }
    guard let found else {
      throw KernelRefusal(
        14, "0x\(String(address, radix: 16)) is not mapped in process \(state.processes[process].pid)")
    }
    return found
  }
}
