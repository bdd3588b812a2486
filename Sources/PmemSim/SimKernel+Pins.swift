import PmemDevice

/// References to pages: get_user_pages and who calls it.
extension SimKernel {
  /// Takes references to what a process has mapped, all of it or none.
  ///
  /// - Returns: The number to release them by.
  func pin(_ pid: Int, at address: UInt64, length: UInt64?, kind: SimPinKind) throws -> Int {
    let process = try place(pid)
    let index = try mapping(process, at: address)
    let mapping = memory.processes[process].mappings[index]
    let bytes = length ?? mapping.end - address
    guard bytes > 0, bytes <= mapping.end - address else { throw SimFault(14, "not all of it is mapped") }
    try check(kind, mapping)
    let begin = address - mapping.start
    guard isBacked(mapping, begin..<(begin + bytes)) else { throw SimFault(14, "there is nothing behind it") }
    memory.processes[process].mappings[index].populate(begin..<(begin + bytes))
    let source =
      (mapping.offset + begin) / 4096 * 4096..<(mapping.offset + begin + bytes + 4095) / 4096 * 4096
    let id = memory.nextPin
    memory.nextPin += 1
    memory.pins.append(
      SimPin(
        id: id, pid: pid, command: memory.processes[process].command, kind: kind, address: address,
        length: bytes, pieces: pieces(mapping.source.volume, extents(mapping.source, source))))
    return id
  }

  /// mm/gup.c:check_vma_flags; io_uring/rsrc.c before 6.5.
  private func check(_ kind: SimPinKind, _ mapping: SimMapping) throws {
    guard mapping.isDAX else {
      throw SimFault(22, "that is the page cache: a reference to it is none to persistent memory")
    }
    guard !isPageless(mapping.source.volume) else {
      throw SimFault(14, "its memory has no pages: get_user_pages finds none")
    }
    guard !kind.isLongTerm || mapping.source.inode == nil else {
      throw SimFault(95, "memory of a DAX filesystem is not pinned for long")
    }
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
  func isLeaked(_ pin: SimPin) -> Bool { pin.kind == .vfio }

  /// Releases references. Where their pages are no more, the kernel dies of it.
  func unpin(_ id: Int) throws {
    guard let place = memory.pins.firstIndex(where: { $0.id == id }) else {
      throw SimFault(3, "there is no pin \(id)")
    }
    guard memory.pins[place].pid != 0 else { throw SimFault(3, "nobody is left who could release pin \(id)") }
    let pin = memory.pins.remove(at: place)
    if isLeaked(pin) {
      var leaked = pin
      leaked.pid = 0
      memory.pins.append(leaked)
      memory.pins.sort { $0.id < $1.id }
    }
    settle()
    guard !pin.isDangling else {
      throw SimFault(14, "the kernel oopsed: the pages that were released are no more")
    }
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
    let page = isDevice ? namespace.claim?.align ?? 4096 : 4096
    let held = memory.pins.filter { !$0.isDangling }.flatMap { pin in
      pin.pieces.filter { $0.region == region && $0.namespace == id }.map { (pin.kind, $0.extent) }
    }
    let mapped = rules.countsMappings ? mapped(region, id) : []
    var cuts: Set<UInt64> = []
    for extent in held.map(\.1) + mapped {
      cuts.formUnion(Self.cuts(extent, page))
    }
    let places = cuts.sorted()
    let idle = rules.idleReferences(isDevice ? .devdax : .fsdax)
    var found: [CountedPages] = []
    for (start, end) in zip(places, places.dropFirst()) {
      var count = PageCount(references: idle, mappings: 0, pins: page > 4096 ? 0 : nil)
      let first = Extent(offset: start, length: page)
      for (kind, extent) in held where extent.overlaps(first) {
        let covered = min(extent.offset + extent.length, start + page) - max(extent.offset, start)
        Self.add(kind.count(covered), isPin: kind.isPin(rules), to: &count)
      }
      for extent in mapped where extent.overlaps(first) {
        count.mappings += 1
        count.references += 1
      }
      guard count.references != idle else { continue }
      found.append(
        CountedPages(extent: Extent(offset: start, length: end - start), pageSize: page, count: count))
    }
    return found
  }

  /// Where the counters can change: the pages that an extent begins and ends in are apart from those that it fills.
  private static func cuts(_ extent: Extent, _ page: UInt64) -> [UInt64] {
    let end = extent.offset + extent.length
    let first = extent.offset / page * page
    let last = (end + page - 1) / page * page
    return [first, min(last, (extent.offset + page - 1) / page * page), max(first, end / page * page), last]
  }

  private static func add(_ number: UInt64, isPin: Bool, to count: inout PageCount) {
    let number = Int32(truncatingIfNeeded: min(number, 1 << 20))
    if let pins = count.pins {
      count.references += number
      if isPin { count.pins = pins + number }
    } else {
      count.references &+= isPin ? number &* Int32(PageCount.bias) : number
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
