/// All persistent memory of one machine at one moment.
///
/// Immutable and consistent: a backend reads everything once. Devices are in a fixed order (by number), never the
/// kernel's directory order.
public struct Inventory: Hashable, Sendable {
  public var host: HostFacts
  public var buses: [Bus]
  /// DAX regions that belong to no namespace: volatile memory of CXL or of the platform (hmem).
  public var otherDaxRegions: [DaxRegion]
  /// Empty on a machine without CXL, and on a simulated one.
  public var cxl: CxlTopology

  public init(
    host: HostFacts, buses: [Bus], otherDaxRegions: [DaxRegion] = [], cxl: CxlTopology = CxlTopology()
  ) {
    self.host = host
    self.buses = buses
    self.otherDaxRegions = otherDaxRegions
    self.cxl = cxl
  }

  public var regions: [Region] { buses.flatMap(\.regions) }
  public var dimms: [DIMM] { buses.flatMap(\.dimms) }
  public var namespaces: [Namespace] { regions.flatMap(\.namespaces) }

  /// The first namespace, in the order of ``namespaces``, with a UUID in its label or its info block.
  func namespace(withUUID uuid: DeviceUUID) -> Namespace? {
    firstNamespace { $0[$1].uuid == uuid || $0[$1].rawUUID == uuid }
  }

  /// The first namespace, in the order of ``namespaces``, with a name of its own.
  func namespace(ownName name: String) -> Namespace? {
    firstNamespace { $0[$1].name == name && $0[$1].rawSize != .zero }
  }

  /// By list and index: a namespace of a thousand is copied only to be returned.
  private func firstNamespace(where isWanted: ([Namespace], Int) -> Bool) -> Namespace? {
    for region in regions {
      if let index = region.namespaces.indices.first(where: { isWanted(region.namespaces, $0) }) {
        return region.namespaces[index]
      }
    }
    return nil
  }

  /// Namespaces by kernel name, without looking at those of other regions; in the order of ``namespaces``.
  ///
  /// - Parameter names: Such as `namespace0.1`; others are in no region.
  /// - Returns: Those that exist.
  public func namespaces(named names: [String]) -> [Namespace] {
    let ids = names.compactMap { name -> (region: Int, namespace: Int)? in
      let numbers =
        name.utf8.starts(with: "namespace".utf8)
        ? name.dropFirst(9).split(separator: ".", omittingEmptySubsequences: false).map { Int($0) } : []
      guard numbers.count == 2, let region = numbers[0], let namespace = numbers[1] else { return nil }
      return (region, namespace)
    }
    guard !ids.isEmpty else { return [] }
    return buses.flatMap { bus in
      bus.regions.flatMap { region -> [Namespace] in
        let own = ids.filter { $0.region == region.id }
        guard !own.isEmpty else { return [] }
        return region.namespaces.filter { namespace in
          own.contains { $0.namespace == namespace.id } && namespace.standsFor == nil
        }
      }
    }
  }

  /// The region that a namespace was cut from.
  public func region(of namespace: Namespace) -> Region? {
    regions.first { $0.id == namespace.regionID }
  }

  /// The regions that any of these DIMMs is a part of.
  public func regions(on dimms: [DIMM]) -> [Region] {
    regions.filter { region in
      region.mappings.contains { mapping in dimms.contains { $0.dev == mapping.dimm } }
    }
  }

  /// Addresses of the other regions, as far as they may be read.
  public func neighbours(of region: Region) -> [Range<UInt64>] {
    regions.compactMap { other in
      guard other.id != region.id, let start = other.resource else { return nil }
      return start..<(start &+ other.size.rawValue)
    }
  }

  /// The bus of a region; nil if the region is not of this inventory.
  public func bus(of region: Region) -> Bus? {
    buses.first { bus in bus.regions.contains { $0.id == region.id } }
  }
}

/// Properties of the kernel and the architecture that the rules depend on.
public struct HostFacts: Hashable, Sendable {
  /// `uname -r`, or the kernel profile of a simulated machine.
  public var kernelRelease: String
  /// Bytes of a base page: 4096 on x86.
  public var pageSize: UInt64
  /// memremap_compat_align(): the alignment of the start and the end of any mapped range. 2 MiB on x86
  /// (SUBSECTION_SIZE), 16 MiB on powerpc (arch/powerpc/mm/ioremap.c).
  public var mapAlign: UInt64
  /// MAX_STRUCT_PAGE_SIZE (drivers/nvdimm/nd.h): the memory map's cost of one page.
  public var structPageSize: UInt64
  /// Whether this process may see and change everything.
  public var isPrivileged: Bool
  /// Bytes of a memory block, the unit in which memory goes online and offline
  /// (/sys/devices/system/memory/block_size_bytes).
  public var memoryBlockSize: UInt64
  /// The kernel's policy for new memory (/sys/devices/system/memory/auto_online_blocks).
  public var memoryPolicy: MemoryPolicy

  public init(
    kernelRelease: String, pageSize: UInt64 = 4096, mapAlign: UInt64 = 2 << 20, structPageSize: UInt64 = 64,
    isPrivileged: Bool = true, memoryBlockSize: UInt64 = 128 << 20, memoryPolicy: MemoryPolicy = .offline
  ) {
    self.memoryBlockSize = memoryBlockSize
    self.memoryPolicy = memoryPolicy
    self.kernelRelease = kernelRelease
    self.pageSize = pageSize
    self.mapAlign = mapAlign
    self.structPageSize = structPageSize
    self.isPrivileged = isPrivileged
  }
}

/// The kernel's policy for memory blocks that appear.
public enum MemoryPolicy: String, CaseIterable, Hashable, Sendable {
  case offline
  case online
  case onlineKernel = "online_kernel"
  case onlineMovable = "online_movable"
}

/// An nvdimm bus: described by a platform table (ACPI NFIT, e820, CXL, device tree).
public struct Bus: Hashable, Sendable {
  /// Kernel name, `ndbusN`.
  public var dev: String
  /// `ACPI.NFIT`, `e820`, `CXL`, `nfit_test.0`, ...
  public var provider: String
  /// `active` or `idle`; nil if the bus has no scrub.
  public var scrubState: String?
  /// Whether it has the command that makes bad blocks good again (ACPI 6.5, 9.20.7.6, Clear Uncorrectable Error).
  public var canClearErrors: Bool
  public var dimms: [DIMM]
  public var regions: [Region]

  public init(
    dev: String, provider: String, scrubState: String? = nil, canClearErrors: Bool = false, dimms: [DIMM],
    regions: [Region]
  ) {
    self.dev = dev
    self.provider = provider
    self.scrubState = scrubState
    self.canClearErrors = canClearErrors
    self.dimms = dimms
    self.regions = regions
  }
}
