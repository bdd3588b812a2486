/// The offsets at which the kernel puts the info block, the memory map and the data of a fsdax or devdax namespace.
///
/// The rule is drivers/nvdimm/pfn_devs.c:nd_pfn_init of 5.8 and later; for older kernels see
/// ``KernelRules/Mapping``. All numbers are bytes.
public struct PfnLayout: Hashable, Sendable {
  /// Lost at the start: the rest of a memory section that belongs to another region. 0 since 5.3.
  public let startPad: UInt64
  /// From the namespace's start, behind ``startPad``, to its data.
  public let dataOffset: UInt64
  /// Lost at the end to alignment.
  public let endTruncation: UInt64
  /// The data: the content of /dev/pmemX or /dev/daxX.Y.
  public let usable: UInt64

  /// Why no layout exists.
  public enum Failure: Error, Hashable, Sendable {
    /// The start is not aligned to ``HostFacts/mapAlign``: EINVAL. Before 4.6, to a memory section: ENXIO.
    case misalignedStart
    /// Nothing is left after the overhead: ENXIO, "unable to satisfy requested alignment".
    case noRoom
  }

  /// Computes the layout of a namespace.
  ///
  /// - Parameters:
  ///   - start: Physical address of the namespace.
  ///   - size: The size taken from the region; at least 16 MiB, otherwise ``Failure/noRoom``.
  ///   - align: Of the mapping, a power of two.
  ///   - map: The location of the struct pages; `.none` counts as `.mem`.
  ///   - host: Page size, compatible alignment, size of a struct page, and the kernel's rules.
  ///   - neighbours: Addresses of other regions, which old kernels share no memory section with.
  /// - Throws: Why there is none.
  public init(
    start: UInt64, size: UInt64, align: UInt64, map: MapLocation, host: HostFacts,
    neighbours: [Range<UInt64>] = []
  ) throws(Failure) {
    // nd_namespace_store() in claim.c hosts nothing smaller.
    guard size >= Self.minimumSize, start.addingReportingOverflow(size).overflow == false else {
      throw .noRoom
    }
    let unit: UInt64
    var pages = (size - Self.infoBlockReserve) / host.pageSize
    switch host.rules.mapping {
    case .subsections:
      guard start % host.mapAlign == 0 else { throw .misalignedStart }
      unit = Swift.max(align, host.mapAlign)
      startPad = 0
      endTruncation = (start + size) % unit
    case .trimmedSections:
      unit = map == .dev ? Swift.max(align, 2 << 20) : align
      (startPad, endTruncation) = Self.trimmed(start, size, align, neighbours)
      guard startPad + endTruncation + Self.infoBlockReserve < size else { throw .noRoom }
      let left = (size - startPad - endTruncation - Self.infoBlockReserve) / host.pageSize
      let sectionPages = KernelRules.section / host.pageSize
      pages = (left + sectionPages - 1) / sectionPages * sectionPages
    case .wholeSections:
      guard start % KernelRules.section == 0, size >= KernelRules.section else { throw .misalignedStart }
      unit = align
      (startPad, endTruncation) = (0, 0)
    }
    let memmap = map == .dev ? host.structPageSize * pages : 0
    let begin = start + startPad
    guard let aligned = ByteCount(begin + Self.infoBlockReserve + memmap).roundedUp(to: unit)?.rawValue
    else { throw .noRoom }
    dataOffset = aligned - begin
    // The kernel misses the first of these: if the namespace does not reach the next boundary, its subtraction wraps
    // and it continues with a range that ends before it starts.
    let lost = startPad + endTruncation
    guard lost < size, dataOffset < size - lost else { throw .noRoom }
    usable = size - lost - dataOffset
  }

  /// pfn_devs.c:trim_pfn_device, of 4.20: a part that shares a memory section with another region is left out, and an
  /// end that is not aligned.
  private static func trimmed(
    _ start: UInt64, _ size: UInt64, _ align: UInt64, _ neighbours: [Range<UInt64>]
  ) -> (pad: UInt64, truncation: UInt64) {
    let section = KernelRules.section
    let end = start + size
    func collides(_ range: Range<UInt64>) -> Bool { neighbours.contains { $0.overlaps(range) } }
    let first = start / section * section
    let pad = collides(first..<end) ? (section - start % section) % section : 0
    let last = (end + section - 1) / section * section
    guard collides(start..<last) || end % align != 0 else { return (pad, 0) }
    return (pad, end - Swift.min(end / section * section, end / align * align))
  }

  /// Kept free for the info block (nd_info_block_reserve()).
  public static let infoBlockReserve: UInt64 = 8 << 10

  /// The least that a claim can be made of (claim.c:nd_namespace_store).
  public static let minimumSize: UInt64 = 16 << 20

  /// DRAM that the memory map takes with `map=mem`.
  ///
  /// fsdax: one struct page for each page. devdax with huge alignment: the identical pages of a compound page's map are
  /// shared, two remain (Documentation/mm/vmemmap_dedup.rst, 5.17 and later).
  public static func memoryMapInDRAM(
    size: UInt64, mode: NamespaceMode, align: UInt64, host: HostFacts
  ) -> ByteCount {
    let full = size / host.pageSize * host.structPageSize
    guard mode == .devdax, align > host.pageSize, KernelVersion(host.kernelRelease) >= KernelVersion(5, 17)
    else { return ByteCount(full) }
    return ByteCount(Swift.min(full, size / align * 2 * host.pageSize))
  }
}
