/// Differences of namespaces and media between kernels, by the release that changed them.
public struct KernelRules: Hashable, Sendable {
  private let version: KernelVersion

  public init(_ release: String) { version = KernelVersion(release) }

  func since(_ major: Int, _ minor: Int) -> Bool { version >= KernelVersion(major, minor) }

  /// The newest label format that the kernel reads and writes: 1.2 came with 4.13 ("libnvdimm, label: add v1.2
  /// nvdimm label definitions"), and BTT 2.0 with it.
  public var newestLabels: LabelVersion { since(4, 13) ? .v12 : .v11 }

  /// Whether drivers/cxl makes regions: of persistent memory since 6.0, of volatile memory since 6.3.
  public var hasCxlRegions: Bool { since(6, 0) }

  /// The error for a kind of CXL memory that a device has none of: ENXIO from hdm.c:cxl_dpa_set_mode; EINVAL since partitions
  /// have numbers ("cxl: Introduce 'struct cxl_dpa_partition'", 6.15).
  public var missingCxlPartition: Int32 { since(6, 15) ? 22 : 6 }

  /// Whether a region can be divided into several namespaces: "PMEM sub-division support", 4.9.
  public var dividesRegions: Bool { since(4, 9) }

  /// Whether there is device-dax: 4.7 ("libnvdimm, dax: introduce device-dax infrastructure").
  public var hasDeviceDax: Bool { since(4, 7) }

  /// Whether mmap of a block device of persistent memory is DAX: 4.5 and 4.6 (5a023cdba50c "block: enable dax for raw block
  /// devices", reverted in 4.7 by acc93d30d7d4).
  public var mapsBlockDevices: Bool { since(4, 5) && !since(4, 7) }

  /// Whether memory without struct pages, of raw namespaces, can have DAX: until 4.14 (569d0365f571 "dax: require 'struct
  /// page' by default for filesystem dax").
  public var hasPagelessDAX: Bool { !since(4, 15) }

  /// Whether XFS has DAX if blocks can be shared, except on partitions: 6.0 (6f643c57d57c "xfs: implement
  /// ->notify_failure() for XFS", 35fcd75af3ed "xfs: fail dax mount if reflink is enabled on a partition").
  public var sharesDAXBlocks: Bool { since(6, 0) }

  /// Whether there is MAP_SYNC: 4.15 (1c9725974074 "mm: introduce MAP_SHARED_VALIDATE", b6fb293f2497 "mm: Define MAP_SYNC and
  /// VM_SYNC flags").
  public var hasMapSync: Bool { since(4, 15) }

  /// Whether freezing a filesystem write-protects what is mapped of it through DAX: 4.10 (4b4bb46d00b3 "dax: clear dirty
  /// entry tags on cache flush").
  public var freezeProtectsDAX: Bool { since(4, 10) }

  /// Whether a DAX device can be the kernel's own memory: 5.1 ("device-dax: "Hotplug" persistent memory for use like
  /// normal RAM").
  public var hasSystemRAM: Bool { since(5, 1) }

  /// Whether regions have an alignment for allocations (sysfs `align`): 5.7 ("libnvdimm/region: Introduce an
  /// 'align' attribute"). Before, sizes are multiples of 4 KiB a DIMM (namespace_devs.c:__size_store).
  public var hasRegionAlignment: Bool { since(5, 7) }

  /// Whether numbers on the media are compared before the kernel computes with them: the slots of an index block and the size
  /// code of its labels (label.c:__nd_label_validate), and the free blocks of an arena (btt.c:discover_arenas). Fixes of 2026, in
  /// stable releases since 6.1.188 and 6.12.110, and in 7.2; 6.18.15 has none of them (measured). A release that does not say
  /// how new it is counts as the newest of its line, but for 6.18, of which 6.18.15 is the profile.
  public var boundsMediaNumbers: Bool {
    guard !since(7, 2) else { return true }
    return switch (version.major, version.minor) {
    case (6, 1): version.patch.map { $0 >= 188 } ?? true
    case (6, 12): version.patch.map { $0 >= 110 } ?? true
    case (6, 18): version.patch.map { $0 > 15 } ?? false
    default: false
    }
  }

  /// How ZONE_DEVICE memory is mapped, which decides how fsdax and devdax are laid out.
  public enum Mapping: Hashable, Sendable {
    /// Before 4.6: only ranges that begin at a memory section (128 MiB) and are one long
    /// (pmem.c:nvdimm_namespace_attach_pfn).
    case wholeSections
    /// 4.6 to 5.2: a section belongs to one mapping; a part that shares one with another region is cut off
    /// (pfn_devs.c:trim_pfn_device).
    case trimmedSections
    /// 5.3 and later: parts of sections (mm/sparse.c, "sub-section memory hotplug").
    case subsections
  }

  public var mapping: Mapping { since(5, 3) ? .subsections : since(4, 6) ? .trimmedSections : .wholeSections }

  /// Whether a namespace whose fsdax or devdax info block cannot be used here stays disabled: 5.4 ("libnvdimm/pmem:
  /// Advance namespace seed for specific probe errors"). Before, it was raw then.
  public var refusesUnusableInfoBlocks: Bool { since(5, 4) }

  /// The minor version of the info blocks that the kernel writes: 1.4 since 5.4 (page and struct page sizes), 1.2
  /// since 4.7 (alignment; pfn_devs.c:nd_pfn_init), 1.1 since 4.6 (padding), else 1.0.
  public var infoBlockMinor: UInt16 { since(5, 4) ? 4 : since(4, 7) ? 2 : since(4, 6) ? 1 : 0 }

  /// A memory section of x86-64 (SECTION_SIZE_BITS 27).
  public static let section: UInt64 = 128 << 20
}

extension HostFacts {
  /// The rules of its kernel.
  public var rules: KernelRules { KernelRules(kernelRelease) }
}
