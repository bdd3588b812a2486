public import PmemDevice

extension PfnInfoBlock {
  /// Why the kernel's probe refuses the block although it is whole: EOPNOTSUPP, the namespace is disabled
  /// (pfn_devs.c:nd_pfn_validate, pmem.c:nd_pmem_probe).
  ///
  /// - Parameters:
  ///   - start: Physical address of the namespace.
  ///   - size: Bytes of the namespace.
  ///   - host: Whose kernel.
  /// - Returns: The reason in the kernel's words; nil if it takes the block.
  public func fault(start: UInt64, size: UInt64, host: HostFacts) -> String? {
    if map == .dev, UInt64(pageSize) > host.pageSize { return "init failed, page size mismatch \(pageSize)" }
    if map == .dev, UInt64(structPageSize) < host.structPageSize {
      return "init failed, struct page size mismatch \(structPageSize)"
    }
    guard kind == .pfn || RegionCapabilities.standard.devdaxAlignments.contains(align) else {
      return "init failed, alignment mismatch"
    }
    guard align <= size else { return "alignment: \(align) exceeds capacity \(size)" }
    guard dataOffset < size else { return "pfn array size exceeds capacity" }
    // IS_ALIGNED() masks: the alignment need not be a power of two.
    guard Self.isAligned(start &+ dataOffset &+ UInt64(startPad), align), dataOffset % host.pageSize == 0
    else {
      return "bad offset: 0x\(String(dataOffset, radix: 16)) dax disabled"
    }
    if host.rules.mapping == .subsections {
      guard Self.isAligned(start &+ UInt64(startPad), host.mapAlign) else {
        return "resource start misaligned"
      }
      guard Self.isAligned(start &+ size &- UInt64(endTruncation), host.mapAlign) else {
        return "resource end misaligned"
      }
    }
    // The kernel's subtraction wraps; what comes of that fails when it is mapped.
    guard dataOffset < size &- UInt64(startPad) &- UInt64(endTruncation) else {
      return "bad offset with small namespace"
    }
    return nil
  }

  /// Why the pfn or dax driver does not bind although the probe accepted the block: the namespace stays claimed and
  /// disabled (pfn_devs.c:__nvdimm_setup_pfn, mm/memremap.c:memremap_pages, dax/bus.c:alloc_dax_region).
  ///
  /// - Parameters:
  ///   - start: Physical address of the namespace.
  ///   - size: Bytes of the namespace.
  ///   - host: Whose kernel.
  /// - Returns: The error number and the reason; nil if it binds.
  public func attachFault(
    start: UInt64, size: UInt64, host: HostFacts
  ) -> (errno: Int32, text: String)? {
    guard map != .mem || dataOffset >= PfnLayout.infoBlockReserve else {
      return (22, "the data begin at \(dataOffset), within the info block's reserve")
    }
    guard dataOffset > 0 else { return (16, "the data begin at 0: there is no info block's reserve") }
    let lost = UInt64(startPad) + UInt64(endTruncation)
    guard lost < size, dataOffset < size - lost else {
      return (7, "padding and truncation, \(lost) bytes, leave nothing to map")
    }
    guard host.rules.mapping == .subsections else { return nil }
    if map == .dev, dataOffset > PfnLayout.infoBlockReserve, !hasRoomForMap(start, size, host) {
      return (12, "the memory map does not fit before the data at \(dataOffset)")
    }
    guard kind == .dax else { return nil }
    let mask = UInt64(declaredAlign)
    guard Self.isAligned(start &+ UInt64(startPad) &+ dataOffset, mask),
      Self.isAligned(size - lost - dataOffset, mask)
    else { return (12, "the data are not aligned to \(declaredAlign) at their start and end") }
    return nil
  }

  private static func isAligned(_ value: UInt64, _ align: UInt64) -> Bool { value & (align &- 1) == 0 }

  /// Whether the map of each whole memory section finds a huge page before the data (arch/x86/mm/init_64.c:
  /// vmemmap_populate_hugepages, mm/sparse-vmemmap.c:altmap_alloc_block_buf). The map of a part of a section is in DRAM.
  private func hasRoomForMap(_ start: UInt64, _ size: UInt64, _ host: HostFacts) -> Bool {
    let begin = start &+ UInt64(startPad)
    let end = start &+ size &- UInt64(endTruncation)
    let firstWhole = (begin &+ KernelRules.section &- 1) / KernelRules.section
    let pastWhole = end / KernelRules.section
    guard pastWhole > firstWhole else { return true }
    let huge = KernelRules.section / host.pageSize * host.structPageSize
    let reserve = begin &+ PfnLayout.infoBlockReserve
    let aligned = (reserve &+ huge &- 1) / huge * huge
    return aligned &- begin &+ (pastWhole - firstWhole) * huge <= dataOffset
  }
}
