import PmemDevice

/// References to pages: get_user_pages and who calls it.
extension SimKernel {
  /// Takes references to what a process has mapped. Direct I/O goes on with what it got of them; all others want all or
  /// nothing (io_uring/rsrc.c:io_sqe_buffer_register, drivers/infiniband/core/umem.c:ib_umem_get).
  ///
  /// - Parameters:
  ///   - pid: The process.
  ///   - address: In a mapping of it.
  ///   - length: Bytes; nil: to the mapping's end.
  ///   - kind: By what.
  ///   - number: Of the pin; nil: the next.
  /// - Returns: The number to release them by, and what it took to get them.
  /// - Throws: What the kernel would answer; nothing is taken then.
  func pin(
    _ pid: Int, at address: UInt64, length: UInt64?, kind: SimPinKind, number: Int? = nil
  ) throws -> (id: Int, grant: SimGrant) {
    let process = try place(pid)
    guard !isWaiting(pid) else { throw SimFault(16, "process \(pid) waits") }
    let index = try mapping(process, at: address)
    let mapping = memory.processes[process].mappings[index]
    var bytes = length ?? mapping.end - address
    guard bytes > 0, bytes <= mapping.end - address else { throw SimFault(14, "not all of it is mapped") }
    if let number, !(1...1 << 30).contains(number) || memory.pins.contains(where: { $0.id == number }) {
      throw SimFault(17, "there is a pin \(number), or cannot be")
    }
    try check(kind, mapping)
    let begin = address - mapping.start
    let backed = backedLength(mapping, begin..<(begin + bytes))
    guard backed == bytes || kind == .directIO && backed > 0 else {
      throw SimFault(14, "there is nothing behind it")
    }
    bytes = backed
    var pin = SimPin(
      id: number ?? memory.nextPin, pid: pid, command: memory.processes[process].command, kind: kind,
      address: address, length: bytes, pieces: [])
    pin.source = mapping.source
    pin.offset = mapping.offset + begin
    let bounces = policies.truncate == .bounce && mapping.source.inode != nil
    var grant = SimGrant()
    if !mapping.isDAX || bounces {
      pin.isDRAM = true
      grant.pages = UInt64(pin.pages.count)
      grant.copied = copyToDRAM(mapping.source, pin.pages)
      // Asking for pages to write to is a fault that stores: the filesystem learns of it (page_mkwrite).
      if !mapping.isDAX, mapping.isWritable, !kind.isPassing {
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
    memory.processes[process].mappings[index].populate(begin..<(begin + bytes))
    memory.nextPin = max(memory.nextPin, pin.id + 1)
    memory.pins.insert(pin, at: memory.pins.firstIndex { $0.id > pin.id } ?? memory.pins.endIndex)
    return (pin.id, grant)
  }

  /// mm/gup.c:check_vma_flags; io_uring/rsrc.c before 6.5.
  private func check(_ kind: SimPinKind, _ mapping: SimMapping) throws {
    let refuses =
      kind.isLongTerm && mapping.source.inode != nil && policies.longTerm == .refuse
      && rule(.longTermIsRefused)
    guard mapping.isDAX else {
      guard mapping.source.inode != nil else {
        throw SimFault(22, "that is the page cache: a reference to it is none to persistent memory")
      }
      guard !refuses || !mapping.isWritable || !topology.profile.rules.refusesLongTermPageCache else {
        throw SimFault(14, "a file whose filesystem wants to know of stores is not pinned for long")
      }
      return
    }
    guard !isPageless(mapping.source.volume) || !rule(.pagelessCannotBePinned) else {
      throw SimFault(14, "its memory has no pages: get_user_pages finds none")
    }
    guard !refuses else { throw SimFault(95, "memory of a DAX filesystem is not pinned for long") }
    guard kind != .ioUring || topology.profile.rules.registersDeviceBuffers else {
      throw SimFault(95, "this kernel's io_uring takes no buffer that is a file's")
    }
  }

  /// Raw namespaces have no struct pages, whatever is mapped of them (before 4.15 a filesystem too).
  private func isPageless(_ volume: SimVolume) -> Bool {
    namespaces(under: volume).contains { region, id in
      let namespace = regions[region].namespaces.first { $0.id == id }
      return namespace?.claim == nil && !topology.regions[region].isE820
    }
  }

  /// VFIO releases its pins on device-dax never: they outlive their process.
  func isLeaked(_ pin: SimPin) -> Bool { pin.kind == .vfio && !pin.isDRAM && rule(.vfioForgets) }

  /// Releases references. Where their pages are no more, the kernel dies of it.
  func unpin(_ id: Int) throws {
    guard let place = memory.pins.firstIndex(where: { $0.id == id }) else {
      throw SimFault(3, "there is no pin \(id)")
    }
    guard memory.pins[place].pid != 0 else { throw SimFault(3, "nobody is left who could release pin \(id)") }
    let isFatal = release(at: place)
    settle()
    guard !isFatal else {
      throw SimFault(14, "the kernel oopsed: the pages that were released are no more")
    }
  }

  /// Lets go of a pin, or, where its holder forgets it, of the holder.
  ///
  /// - Returns: Whether the kernel died of it.
  @discardableResult func release(at place: Int) -> Bool {
    guard !isLeaked(memory.pins[place]) else {
      memory.pins[place].pid = 0
      return false
    }
    let pin = memory.pins.remove(at: place)
    guard !pin.isDRAM else {
      copyFromDRAM(pin)
      return false
    }
    guard pin.isDangling else {
      putPages(pin.pieces, pin.kind)
      return false
    }
    // Where the device came back, its new pages are counted down for those of its former life.
    let isBack = pin.pieces.allSatisfy { piece in
      regions[piece.region].namespaces.first { $0.id == piece.namespace }?.isEnabled ?? false
    }
    if isBack { putPages(pin.pieces, pin.kind) }
    damage(
      .useAfterFree,
      isBack
        ? "pin \(pin.id) of process \(pin.pid) was released on pages that are the device's next ones"
        : "pin \(pin.id) of process \(pin.pid) was released on pages that are no more")
    return !isBack
  }

  // MARK: Counting

  /// A run of pages with the same counters.
  struct CountedPages: Hashable {
    var extent: Extent
    var pageSize: UInt64
    var count: PageCount
  }

  /// The counters of a namespace's pages that differ from those of an unused page. In proportion to mappings and pins,
  /// not to pages.
  func countedPages(_ region: Int, _ id: Int) -> [CountedPages] {
    guard let namespace = regions[region].namespaces.first(where: { $0.id == id }), namespace.isEnabled else {
      return []
    }
    let rules = topology.profile.rules
    let isDevice = namespace.claim?.kind == .dax
    let page = countingPage(region, id)
    // What is told of behind the device's end was not written by this program.
    let last = ((namespace.claim?.usable ?? namespace.size) + page - 1) / page
    let references = memory.pages(region, id).references
    let held = references.runs.filter { $0.range.upperBound <= last }
    var mapped = RunMap<Int32>(0)
    if rules.countsMappings {
      for extent in self.mapped(region, id) {
        mapped.update(extent.offset / page..<(extent.end + page - 1) / page) { $0 += 1 }
      }
    }
    let idle = rules.idleReferences(isDevice ? .devdax : .fsdax)
    let bounds =
      held.flatMap { [$0.range.lowerBound, $0.range.upperBound] }
      + mapped.runs.flatMap { [$0.range.lowerBound, $0.range.upperBound] }
    let places = Set(bounds).sorted()
    return zip(places, places.dropFirst()).compactMap { start, end in
      let references = references[start]
      let mappings = mapped[start]
      guard !references.isNone || mappings != 0 else { return nil }
      var count = PageCount(
        references: idle &+ mappings &+ references.plain, mappings: mappings, pins: page > 4096 ? 0 : nil)
      if page > 4096 {
        count.pins = references.pins
        count.references &+= references.pins
      } else {
        count.references &+= references.pins &* Int32(PageCount.bias)
      }
      return CountedPages(
        extent: Extent(offset: start * page, length: (end - start) * page), pageSize: page, count: count)
    }
  }

  /// What is populated of a namespace, a mapping each.
  private func mapped(_ region: Int, _ id: Int) -> [Extent] {
    memory.processes.flatMap(\.mappings).filter { $0.isDAX && !$0.isRevoked }.flatMap { mapping in
      mapping.populated.extents.flatMap { extent in
        pieces(
          mapping.source.volume,
          extents(
            mapping.source,
            (mapping.offset + extent.offset)..<(mapping.offset + extent.offset + extent.length)))
      }
    }.filter { $0.region == region && $0.namespace == id }.map(\.extent)
  }
}
