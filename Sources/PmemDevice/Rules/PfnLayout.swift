/// Where the kernel puts the info block, the memory map and the data of a fsdax or devdax namespace.
///
/// The rule is drivers/nvdimm/pfn_devs.c:nd_pfn_init (5.8 and later); all numbers are bytes.
public struct PfnLayout: Hashable, Sendable {
  /// From the namespace's start to its data.
  public let dataOffset: UInt64
  /// Lost at the end to alignment.
  public let endTruncation: UInt64
  /// The data: what /dev/pmemX or /dev/daxX.Y shows.
  public let usable: UInt64

  /// Why no layout exists.
  public enum Failure: Error, Hashable, Sendable {
    /// The start is not aligned to ``HostFacts/mapAlign``: EINVAL.
    case misalignedStart
    /// Nothing is left after the overhead: ENXIO, "unable to satisfy requested alignment".
    case noRoom
  }

  /// Computes the layout of a namespace.
  ///
  /// - Parameters:
  ///   - start: Physical address of the namespace.
  ///   - size: What was taken from the region; at least 16 MiB, else ``Failure/noRoom``.
  ///   - align: Of the mapping, a power of two.
  ///   - map: Where the struct pages go; `.none` counts as `.mem`.
  ///   - host: Page size, compatible alignment and size of a struct page.
  /// - Throws: Why there is none.
  public init(
    start: UInt64, size: UInt64, align: UInt64, map: MapLocation, host: HostFacts
  ) throws(Failure) {
    guard start % host.mapAlign == 0 else { throw .misalignedStart }
    // nd_namespace_store() in claim.c hosts nothing smaller.
    guard size >= Self.minimumSize, start.addingReportingOverflow(size).overflow == false else {
      throw .noRoom
    }
    let unit = Swift.max(align, host.mapAlign)
    let end = start + size
    endTruncation = end % unit
    let pages = (size - Self.infoBlockReserve) / host.pageSize
    let memmap = map == .dev ? host.structPageSize * pages : 0
    let wanted = start + Self.infoBlockReserve + memmap
    guard let aligned = ByteCount(wanted).roundedUp(to: unit)?.rawValue else { throw .noRoom }
    dataOffset = aligned - start
    // The kernel forgets the first of these: where the namespace does not reach the next boundary, its own
    // subtraction wraps and it goes on with a range that ends before it starts.
    guard endTruncation < size, dataOffset < size - endTruncation else { throw .noRoom }
    usable = size - endTruncation - dataOffset
  }

  /// Kept free for the info block (nd_info_block_reserve()).
  public static let infoBlockReserve: UInt64 = 8 << 10

  /// The least that a claim can be made of (claim.c:nd_namespace_store).
  public static let minimumSize: UInt64 = 16 << 20

  /// DRAM that the memory map takes with `map=mem`.
  ///
  /// fsdax: one struct page for each page. devdax with huge alignment: the pages of a compound page's map
  /// that are alike are shared, two remain (Documentation/mm/vmemmap_dedup.rst, 5.17 and later).
  public static func memoryMapInDRAM(
    size: UInt64, mode: NamespaceMode, align: UInt64, host: HostFacts
  ) -> ByteCount {
    let full = size / host.pageSize * host.structPageSize
    guard mode == .devdax, align > host.pageSize, KernelVersion(host.kernelRelease) >= KernelVersion(5, 17)
    else { return ByteCount(full) }
    return ByteCount(Swift.min(full, size / align * 2 * host.pageSize))
  }
}
