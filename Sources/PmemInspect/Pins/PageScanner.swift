import PmemDevice

/// Pages with references beyond those that the kernel gives an unused or mapped one, adjacent and alike.
struct ReferencedPageRun: Hashable {
  /// On the device, bytes.
  var offset: UInt64
  var length: UInt64
  /// The granularity of a count.
  var pageSize: UInt64
  var holds: PageCount.DecodedReferences
  /// The kernel's address of the file's mapping, and the index of the first page in it; 0 if there is none.
  var mapping: UInt64
  var index: UInt64

  var end: UInt64 { offset + length }

  /// Whether `next` continues this range.
  func continues(with next: ReferencedPageRun) -> Bool {
    end == next.offset && pageSize == next.pageSize && holds == next.holds && mapping == next.mapping
      && (mapping == 0 || index &+ length / 4096 == next.index)
  }
}

/// Reads the reference counts of a device's pages from the kernel's memory map, and decodes them by that kernel's rules.
///
/// It takes no reference and changes nothing.
struct PageScanner {
  private let memory: KernelMemory
  private let layout: PageLayout
  private let map: UInt64
  private let rules: KernelRules

  /// - Parameters:
  ///   - memory: The kernel's.
  ///   - types: Read for ``PageLayout/structures``.
  ///   - rules: The kernel's.
  /// - Throws: Why this kernel's pages cannot be read.
  init(_ memory: KernelMemory, _ types: KernelTypes, rules: KernelRules) throws(Unavailable) {
    self.memory = memory
    layout = try PageLayout(types)
    self.rules = rules
    // The start of the struct pages: chosen when the kernel boots (arch/x86/kernel/head64.c, arch/x86/mm/kaslr.c), or
    // fixed without CONFIG_DYNAMIC_MEMORY_LAYOUT (Documentation/arch/x86/x86_64/mm.rst).
    map = try memory.variable("vmemmap_base", else: 0xffff_ea00_0000_0000)
  }

  /// The pages with extra references.
  ///
  /// - Parameters:
  ///   - range: Physical addresses, multiples of the page size.
  ///   - offset: Its start on the device.
  ///   - mode: Of the namespace.
  ///   - align: Of a DAX device: its pages are always counted in units of it (drivers/dax/device.c:dev_dax_probe sets
  ///     vmemmap_shift). Elsewhere 4 KiB.
  ///   - progress: Gets how many pages of the range are read.
  /// - Returns: In order; nil if the range has no pages, or they were freed meanwhile.
  func held(
    in range: Range<UInt64>, at offset: UInt64, mode: NamespaceMode, align: UInt64,
    progress: (UInt64) -> Void
  ) -> [ReferencedPageRun]? {
    let read = { (address: UInt64) in progress((address - range.lowerBound) / 4096) }
    let found =
      align > 4096
      ? heldCompounds(range, align, read) : heldPages(range, idle: rules.idleReferences(mode), read)
    guard let found else { return nil }
    var runs = Runs()
    for var pages in found {
      // Until here it is the physical address.
      pages.offset = pages.offset - range.lowerBound + offset
      if mode != .fsdax { pages.mapping = 0 }
      runs.add(pages)
    }
    return runs.all
  }

  private func structure(_ address: UInt64) -> UInt64 { map &+ address / 4096 &* UInt64(layout.size) }

  // MARK: Compound pages

  /// Only the first two of each are looked at: of a memory map in DRAM the others are one page, seen many times
  /// (mm/sparse-vmemmap.c:vmemmap_populate_compound_pages).
  private func heldCompounds(
    _ range: Range<UInt64>, _ size: UInt64, _ isRead: (UInt64) -> Void
  ) -> [ReferencedPageRun]? {
    var found = Runs()
    var address = range.lowerBound
    while address + size <= range.upperBound {
      let count = Int(min(UInt64(KernelMemory.elements), (range.upperBound - address) / size))
      let gathered: Void? = memory.gather(
        structure(address), stride: UInt64(layout.size) * (size / 4096), count: count
      ) { bytes in
        for number in 0..<count {
          let position = number * KernelMemory.element
          if let page = compound(bytes, position, address + UInt64(number) * size, size, idle: 1) {
            found.add(page)
          }
        }
      }
      guard gathered != nil else { return nil }
      address += UInt64(count) * size
      isRead(address)
    }
    return found.all
  }

  private func compound(
    _ bytes: UnsafeRawBufferPointer, _ position: Int, _ address: UInt64, _ size: UInt64, idle: Int32
  ) -> ReferencedPageRun? {
    let count = bytes.loadUnaligned(fromByteOffset: position + layout.references, as: Int32.self)
    let pins = bytes.loadUnaligned(fromByteOffset: position + layout.pins, as: Int32.self)
    guard count != idle || pins != 0 else { return nil }
    let maps: Int32 =
      if rules.countsMappings, let own = layout.largeMapcount {
        bytes.loadUnaligned(fromByteOffset: position + own, as: Int32.self) &+ 1
      } else { 0 }
    return PageCount(references: count, mappings: maps, pins: pins).decode(idleReferences: idle).map {
      holds in
      ReferencedPageRun(
        offset: address, length: size, pageSize: size, holds: holds,
        mapping: word(bytes, position + layout.mapping), index: word(bytes, position + layout.index))
    }
  }

  private func word(_ bytes: UnsafeRawBufferPointer, _ position: Int) -> UInt64 {
    bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
  }

  // MARK: Small pages

  private func heldPages(
    _ range: Range<UInt64>, idle: Int32, _ isRead: (UInt64) -> Void
  ) -> [ReferencedPageRun]? {
    var found = Runs()
    var address = range.lowerBound
    let most = UInt64(KernelMemory.chunk / layout.size)
    while address < range.upperBound {
      let count = min(most, (range.upperBound - address) / 4096)
      guard count > 0 else { break }
      // If a compound page reaches beyond the part that was read, reading continues behind it.
      let next = memory.read(structure(address), Int(count) * layout.size) { bytes in
        add(bytes, Int(count), from: address, limit: range.upperBound, idle: idle, to: &found)
      }
      guard let next else { return nil }
      address = next
      isRead(min(address, range.upperBound))
    }
    return found.all
  }

  /// - Returns: The address to continue at.
  private func add(
    _ bytes: UnsafeRawBufferPointer, _ count: Int, from start: UInt64, limit: UInt64, idle: Int32,
    to found: inout Runs
  ) -> UInt64 {
    let size = layout.size
    var page = 0
    while page < count {
      let position = page * size
      let references = bytes.loadUnaligned(fromByteOffset: position + layout.references, as: Int32.self)
      guard references != idle else {
        page += 1
        continue
      }
      let address = start + UInt64(page) * 4096
      if word(bytes, position + layout.flags) & layout.headBit != 0 {
        // The second page has the rest; it may not have been read.
        guard page + 1 < count else { return address == start ? address + 4096 : address }
        let order = UInt64(bytes[position + layout.order])
        guard order > 0, order <= 18 else {
          page += 1
          continue
        }
        if let held = compound(bytes, position, address, 4096 << order, idle: idle) { found.add(held) }
        let end = address + 4096 << order
        guard end < start + UInt64(count) * 4096 else { return min(end, limit) }
        page += 1 << Int(order)
      } else {
        if let held = single(bytes, position, address, references, idle: idle) { found.add(held) }
        page += 1
      }
    }
    return start + UInt64(count) * 4096
  }

  private func single(
    _ bytes: UnsafeRawBufferPointer, _ position: Int, _ address: UInt64, _ count: Int32, idle: Int32
  ) -> ReferencedPageRun? {
    let maps =
      rules.countsMappings
      ? bytes.loadUnaligned(fromByteOffset: position + layout.mapcount, as: Int32.self) &+ 1 : 0
    return PageCount(references: count, mappings: maps, pins: nil).decode(idleReferences: idle).map { holds in
      ReferencedPageRun(
        offset: address, length: 4096, pageSize: 4096, holds: holds,
        mapping: word(bytes, position + layout.mapping), index: word(bytes, position + layout.index))
    }
  }

  /// Joins adjacent pages that are alike.
  private struct Runs {
    private(set) var all: [ReferencedPageRun] = []

    mutating func add(_ pages: ReferencedPageRun) {
      if let last = all.last, last.continues(with: pages) {
        all[all.count - 1].length += pages.length
      } else {
        all.append(pages)
      }
    }
  }
}
