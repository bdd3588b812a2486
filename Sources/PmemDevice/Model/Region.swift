/// A range of persistent memory: one DIMM, or several interleaved.
public struct Region: Hashable, Sendable {
  /// The N of `regionN`; unique on a machine until the next boot.
  public var id: Int
  public var size: ByteCount
  /// Physical address; nil if it may not be read (only root may).
  public var resource: UInt64?
  /// Every allocation's size is a multiple of this (sysfs `regionN/align`).
  public var align: UInt64
  /// Sum of all holes. 0 for a label-less region, which cannot be divided.
  public var availableSize: ByteCount
  /// The largest hole: a namespace needs one piece.
  public var maxAvailableExtent: ByteCount
  /// `pmem`; ndctl's word for any other.
  public var type: String
  /// -1 if the platform does not report it.
  public var numaNode: Int
  /// The node that this memory would be as system-ram; -1 if unknown.
  public var targetNode: Int
  /// Interleave-set cookie; nil for a label-less region.
  public var isetID: UInt64?
  public var mappings: [RegionMapping]
  public var capabilities: RegionCapabilities
  /// `cpu_cache`, `memory_controller`, `none` or `unknown`.
  public var persistenceDomain: String
  public var isEnabled: Bool
  public var isReadOnly: Bool
  /// Whether labels divide it (ND_DEVICE_NAMESPACE_PMEM); a label-less region is one namespace.
  public var isLabeled: Bool
  /// The device that the next namespace will be; nil if the kernel has created no seed.
  public var namespaceSeed: String?
  /// In blocks of 512 bytes; at least as many as ``badBlocks`` has.
  public var badblockCount: Int
  /// Ranges from the region's start, bytes, sorted, that the platform cannot read; reading one is a machine check.
  public var badBlocks: [Extent]
  public var namespaces: [Namespace]

  public init(
    id: Int, size: ByteCount, resource: UInt64?, align: UInt64, availableSize: ByteCount,
    maxAvailableExtent: ByteCount, type: String = "pmem", numaNode: Int = 0, targetNode: Int = 0,
    isetID: UInt64? = nil, mappings: [RegionMapping] = [], capabilities: RegionCapabilities = .standard,
    persistenceDomain: String = "unknown", isEnabled: Bool = true, isReadOnly: Bool = false,
    isLabeled: Bool = true, namespaceSeed: String? = nil, badblockCount: Int = 0,
    badBlocks: [Extent] = [], namespaces: [Namespace] = []
  ) {
    self.id = id
    self.size = size
    self.resource = resource
    self.align = align
    self.availableSize = availableSize
    self.maxAvailableExtent = maxAvailableExtent
    self.type = type
    self.numaNode = numaNode
    self.targetNode = targetNode
    self.isetID = isetID
    self.mappings = mappings
    self.capabilities = capabilities
    self.persistenceDomain = persistenceDomain
    self.isEnabled = isEnabled
    self.isReadOnly = isReadOnly
    self.isLabeled = isLabeled
    self.namespaceSeed = namespaceSeed
    self.badblockCount = badblockCount
    self.badBlocks = badBlocks
    self.namespaces = namespaces
  }

  /// Kernel name.
  public var dev: String { "region\(id)" }

  /// Kernel names of its DIMMs in the order of the interleave set; ``mappings`` are in libndctl's order, which is any.
  public var dimmsByPosition: [String] { mappings.sorted { $0.position < $1.position }.map(\.dimm) }

  /// Checks an alignment of allocations (region_devs.c:align_store).
  ///
  /// - Parameters:
  ///   - align: Bytes.
  ///   - ways: How many DIMMs are interleaved; 0 for an e820 range.
  /// - Returns: Whether it is a power of two from 4 KiB to 1 PiB, or that for each DIMM.
  public static func isPossible(align: UInt64, ways: Int) -> Bool {
    let ways = UInt64(max(1, ways))
    guard (4096...1 << 50).contains(align) else { return false }
    return align.nonzeroBitCount == 1 || align % ways == 0 && (align / ways).nonzeroBitCount == 1
  }

  /// The namespaces that exist for a user: those that have a size.
  public var configuredNamespaces: [Namespace] { namespaces.filter { !$0.isSeed } }

  /// The zero-sized device that a new namespace will take: the lowest idle one, as `ndctl` prefers number 0, otherwise
  /// the seed. Nil if the kernel has lost its seed (it can, when a region with namespaces is enabled:
  /// nd_region_register_namespaces() names a seed after its probe may already have run).
  public var nextNamespace: Namespace? {
    var seed: Int?
    // By index: a namespace of a thousand is copied only to be returned.
    for index in namespaces.indices where namespaces[index].rawSize == .zero {
      if namespaces[index].id == 0 { return namespaces[index] }
      if seed == nil, namespaces[index].dev == namespaceSeed { seed = index }
    }
    return seed.map { namespaces[$0] }
  }

  /// The region alone: a copy that keeps no namespace, so that those of the original are not copied when one of them changes.
  var withoutNamespaces: Region {
    var region = self
    region.namespaces = []
    return region
  }
}

/// One DIMM's share of a region.
public struct RegionMapping: Hashable, Sendable {
  public var dimm: String
  /// Offset in the DIMM's own address space, bytes.
  public var offset: UInt64
  /// Bytes on this DIMM.
  public var length: UInt64
  /// Position in the interleave set.
  public var position: Int

  /// How many DIMMs an interleave set can have (include/linux/libnvdimm.h: ND_MAX_MAPPINGS).
  public static let most = 32

  public init(dimm: String, offset: UInt64, length: UInt64, position: Int) {
    self.dimm = dimm
    self.offset = offset
    self.length = length
    self.position = position
  }
}

/// Which modes a region can have and what each mode supports.
public struct RegionCapabilities: Hashable, Sendable {
  /// Empty if the kernel has no BTT.
  public var sectorSizes: [UInt64]
  /// Empty if the kernel has no PFN devices.
  public var fsdaxAlignments: [UInt64]
  /// Empty if the kernel has no device-dax.
  public var devdaxAlignments: [UInt64]

  public init(sectorSizes: [UInt64], fsdaxAlignments: [UInt64], devdaxAlignments: [UInt64]) {
    self.sectorSizes = sectorSizes
    self.fsdaxAlignments = fsdaxAlignments
    self.devdaxAlignments = devdaxAlignments
  }

  /// The values of x86-64 kernels with everything enabled (btt_devs.c:btt_lbasize_supported,
  /// pfn_devs.c:nd_pfn_supported_alignments).
  public static let standard = RegionCapabilities(
    sectorSizes: [512, 520, 528, 4096, 4104, 4160, 4224],
    fsdaxAlignments: [4096, 2 << 20, 1 << 30],
    devdaxAlignments: [4096, 2 << 20, 1 << 30])

  /// For a disabled region: the kernel reports its capabilities only through the seeds of an enabled one.
  public static let none = RegionCapabilities(sectorSizes: [], fsdaxAlignments: [], devdaxAlignments: [])

  /// Alignments that a namespace of the mode may have in it, bytes; empty for modes without a mapping of their own.
  public func alignments(for mode: NamespaceMode) -> [UInt64] {
    switch mode {
    case .fsdax: fsdaxAlignments
    case .devdax: devdaxAlignments
    case .sector, .raw: []
    }
  }
}
