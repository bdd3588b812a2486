import PmemDevice

/// Processes and their address spaces.
extension SimKernel {
  // MARK: Processes

  /// Starts a process; without a number it gets the lowest free one from 1000.
  func startProcess(_ command: String, pid: Int?) throws -> Int {
    let used = Set(memory.processes.map(\.pid))
    var number = pid ?? 1000
    if pid == nil { while used.contains(number) { number += 1 } }
    guard number > 0, number < 1 << 22 else { throw SimFault(22, "\(number) is no process number") }
    guard !used.contains(number) else { throw SimFault(17, "there is a process \(number)") }
    memory.processes.append(SimProcess(pid: number, command: String(command.prefix(15))))
    memory.processes.sort { $0.pid < $1.pid }
    return number
  }

  /// Copies a process: its descriptors, and its mappings without their page table entries, which a child gets when it
  /// touches them (mm/memory.c:vma_needs_copy).
  func forkProcess(_ pid: Int, child: Int?) throws -> Int {
    let parent = memory.processes[try place(pid)]
    let number = try startProcess(parent.command, pid: child)
    let own = try place(number)
    memory.processes[own].open = parent.open
    memory.processes[own].mappings = parent.mappings.map { mapping in
      var copy = mapping
      copy.populated = ExtentSet()
      copy.stored = ExtentSet()
      return copy
    }
    return number
  }

  /// Ends a process, its mappings and its pins with it, but for those that are never released.
  func stopProcess(_ pid: Int) throws {
    let place = try place(pid)
    // What cannot be killed stays until what it waits for is gone.
    if let wait = memory.waits.first(where: { $0.pid == pid }), !wait.isKillable {
      throw SimFault(16, "process \(pid) waits in the kernel and cannot be killed: \(wait.reason)")
    }
    memory.processes.remove(at: place)
    memory.waits.removeAll { $0.pid == pid }
    memory.faults.removeAll { $0.pid == pid }
    // What a device was told to do is done, or given up, before its memory is let go.
    memory.transfers.removeAll { $0.pid == pid }
    for place in memory.pins.indices.reversed() where memory.pins[place].pid == pid { release(at: place) }
    settle()
  }

  func place(_ pid: Int) throws -> Int {
    guard let place = memory.processes.firstIndex(where: { $0.pid == pid }) else {
      throw SimFault(3, "there is no process \(pid)")
    }
    return place
  }

  func open(_ pid: Int, _ source: SimSource) throws {
    let process = try place(pid)
    if source.inode == nil { _ = try size(of: source.volume) }
    memory.processes[process].open.append(source)
  }

  func close(_ pid: Int, _ source: SimSource) throws {
    let process = try place(pid)
    guard let index = memory.processes[process].open.lastIndex(of: source) else {
      throw SimFault(9, "process \(pid) has not opened it")
    }
    memory.processes[process].open.remove(at: index)
    settle()
  }

  // MARK: Mappings

  /// How a mapping is to be made.
  struct MapRequest {
    var source: SimSource
    /// In the device or file, bytes.
    var offset: UInt64 = 0
    /// nil: to the end.
    var length: UInt64?
    var isWritable = true
    var isSync = false
  }

  /// Maps a part of an enabled namespace's device, or of a file, shared.
  ///
  /// A DAX device is mapped in multiples of its alignment only (drivers/dax/device.c:check_vma); beyond its end the
  /// mapping is made, and touching it fails.
  ///
  /// - Returns: The address.
  func map(_ pid: Int, _ request: MapRequest) throws -> UInt64 {
    let process = try place(pid)
    guard !isDying(request.source.volume) else { throw SimFault(6, "the device is being taken away") }
    let (size, page, isDAX) = try facts(of: request.source)
    guard request.offset < size else { throw SimFault(22, "it ends before \(request.offset)") }
    let bytes = request.length ?? (size - request.offset + page - 1) / page * page
    guard request.offset % page == 0, bytes > 0, bytes % page == 0, bytes <= 1 << 50 else {
      throw SimFault(22, "offset and length must be multiples of \(page)")
    }
    // mm/mmap.c: MAP_SYNC is for what says that it can.
    guard !request.isSync || isDAX else {
      throw SimFault(95, "the page cache cannot be mapped with MAP_SYNC")
    }
    let taken = memory.processes[process].mappings.map(\.end).max() ?? Self.firstAddress
    let unit = max(page, 2 << 20)
    let start = (taken + 2 * unit - 1) / unit * unit
    memory.processes[process].mappings.append(
      SimMapping(
        start: start, length: bytes, source: request.source, offset: request.offset,
        isWritable: request.isWritable, isSync: request.isSync, pageSize: page, isDAX: isDAX))
    return start
  }

  private static let firstAddress: UInt64 = 0x7f00_0000_0000

  /// Its size, its pages, and whether it is DAX.
  func facts(of source: SimSource) throws -> (size: UInt64, page: UInt64, isDAX: Bool) {
    if let inode = source.inode {
      guard let filesystem = filesystem(source.volume), let file = filesystem.file(inode) else {
        throw SimFault(2, "there is no such file")
      }
      return (file.size, host.pageSize, filesystem.isDAX)
    }
    let align = try daxAlign(of: source.volume)
    let isDAX = try align != nil || mapsDirectly(source.volume)
    return (try size(of: source.volume), align ?? host.pageSize, isDAX)
  }

  /// Takes a whole mapping, or a part of it at either end or in the middle, away.
  func unmap(_ pid: Int, at address: UInt64, length: UInt64?) throws {
    let process = try place(pid)
    let index = try mapping(process, at: address)
    let mapping = memory.processes[process].mappings[index]
    let end = length.map { address.addingReportingOverflow($0).partialValue } ?? mapping.end
    // Pages of a DAX device are not taken apart (dev_dax_may_split).
    guard (address - mapping.start) % mapping.pageSize == 0, (end &- mapping.start) % mapping.pageSize == 0,
      end > address, end <= mapping.end
    else { throw SimFault(22, "only multiples of \(mapping.pageSize) can be unmapped, inside one mapping") }
    memory.processes[process].mappings.replaceSubrange(
      index...index,
      with: [
        mapping.part(0..<(address - mapping.start)), mapping.part((end - mapping.start)..<mapping.length),
      ].compactMap { $0 })
    settle()
  }

  /// Accesses memory, by loads or by stores.
  func access(_ pid: Int, at address: UInt64, length: UInt64, isStore: Bool) throws -> SimAccess {
    try perform(.access(address: address, length: length, isStore: isStore), by: pid)
  }

  func attemptAccess(_ pid: Int, at address: UInt64, length: UInt64, isStore: Bool) throws -> SimProgress {
    let process = try place(pid)
    let index = try mapping(process, at: address)
    let mapping = memory.processes[process].mappings[index]
    guard length > 0, length <= mapping.end - address else {
      throw SimFault(14, "not all of it is mapped: the process would be killed by SIGSEGV")
    }
    guard !isStore || mapping.isWritable else {
      throw SimFault(14, "it is mapped for reading: the process would be killed by SIGSEGV")
    }
    let range = (address - mapping.start)..<(address - mapping.start + length)
    let needed = mapping.pages(range)
    let isThere = (isStore ? mapping.stored : mapping.populated).contains(needed)
    // What has an entry needs no fault, whatever became of the device's size.
    let isBacked = isBacked(mapping, range) && !isDying(mapping.source.volume)
    guard isThere && !mapping.isRevoked || isBacked, !isBad(mapping, range) else {
      try stopProcess(pid)
      return .killed
    }
    if !isThere || !rule(.entriesNeedNoFault), let reason = obstacle(to: mapping, isStore: isStore) {
      return .waits(reason)
    }
    memory.processes[process].mappings[index].populate(range, isStore: isStore)
    let pages = (mapping.offset + range.lowerBound) / 4096..<(mapping.offset + range.upperBound + 4095) / 4096
    if isStore {
      if mapping.isDAX { countStore(through: mapping) }
      store(mapping.source, pages, isDAX: mapping.isDAX, isNoticed: !isThere)
    } else {
      load(mapping.source, pages, isDAX: mapping.isDAX)
    }
    return .done
  }

  /// What a fault waits for.
  func obstacle(to mapping: SimMapping, isStore: Bool) -> String? {
    if mapping.isDAX, let freeze = freeze(holdingUp: mapping, isStore: isStore) {
      return "\(freeze.volume.word) is frozen"
    }
    guard isStore, !mapping.isDAX, let writer = writers(of: mapping.source).first else { return nil }
    return "process \(writer) has the page locked and writes it back"
  }

  /// Whether there is something behind all pages of a part of a mapping.
  func isBacked(_ mapping: SimMapping, _ range: Range<UInt64>) -> Bool {
    guard !mapping.isRevoked, let facts = try? facts(of: mapping.source) else { return false }
    // A file's last page is there as a whole.
    let size = mapping.source.inode == nil ? facts.size : (facts.size + 4095) / 4096 * 4096
    return mapping.offset + range.upperBound <= size
  }

  /// How much of a part of a mapping, from its beginning, has something behind it.
  func backedLength(_ mapping: SimMapping, _ range: Range<UInt64>) -> UInt64 {
    guard !mapping.isRevoked, let facts = try? facts(of: mapping.source) else { return 0 }
    let size = mapping.source.inode == nil ? facts.size : (facts.size + 4095) / 4096 * 4096
    guard mapping.offset + range.lowerBound < size else { return 0 }
    return min(UInt64(range.count), size - mapping.offset - range.lowerBound)
  }

  func mapping(_ process: Int, at address: UInt64) throws -> Int {
    let found = memory.processes[process].mappings.firstIndex { $0.start <= address && address < $0.end }
    guard let found else {
      throw SimFault(
        14, "0x\(String(address, radix: 16)) is not mapped in process \(memory.processes[process].pid)")
    }
    return found
  }

  // MARK: Teardown

  /// Refuses to take away what is held exclusively, as an exclusive open would find.
  func checkNotHeld(_ region: Int, _ id: Int?) throws {
    for namespace in regions[region].namespaces where id == nil || namespace.id == id {
      try checkNotHeld(.namespace(region: region, id: namespace.id))
    }
  }
}
