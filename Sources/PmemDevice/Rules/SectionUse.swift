/// Memory sections that an enabled fsdax or devdax namespace takes. Before 5.3 a section has one mapping: the kernel refuses
/// a second with "Conflicting mapping in same section" (kernel/memremap.c:devm_memremap_pages).
struct SectionUse: Hashable {
  /// Of the namespace.
  let title: String
  let sections: Range<UInt64>

  /// The sections of a layout that begins at an address.
  static func sections(start: UInt64, layout: PfnLayout) -> Range<UInt64> {
    let begin = start + layout.startPad
    let end = begin + layout.dataOffset + layout.usable
    return (begin / KernelRules.section)..<((end + KernelRules.section - 1) / KernelRules.section)
  }
}

extension Inventory {
  /// The users of memory sections on a kernel on which they cannot be shared; empty on any other. The namespace `dev`,
  /// which is recreated, does not count.
  func sectionUses(but dev: String) -> [SectionUse] {
    guard host.rules.mapping != .subsections else { return [] }
    return regions.flatMap { region in
      region.configuredNamespaces.compactMap { namespace -> SectionUse? in
        guard namespace.dev != dev, namespace.isEnabled, namespace.mode.hasMemoryMap,
          namespace.holder != nil,
          let start = namespace.resource, let align = namespace.align,
          let layout = try? PfnLayout(
            start: start, size: namespace.rawSize.rawValue, align: align, map: namespace.map, host: host,
            neighbours: neighbours(of: region))
        else { return nil }
        return SectionUse(
          title: namespace.title, sections: SectionUse.sections(start: start, layout: layout))
      }
    }
  }
}
