import CNdctl
import CPmemShims
import PmemDevice

/// A region in a context's tree.
@safe
struct RegionHandle {
  private let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }

  var dev: String { unsafe text(ndctl_region_get_devname(pointer)) ?? "" }

  var namespaces: [NamespaceHandle] {
    var handles: [NamespaceHandle] = []
    var next = unsafe ndctl_namespace_get_first(pointer)
    while let namespace = unsafe next {
      handles.append(unsafe NamespaceHandle(namespace, region: pointer))
      unsafe next = ndctl_namespace_get_next(namespace)
    }
    return handles
  }

  func enable() -> Int32 { unsafe ndctl_region_enable(pointer) }

  /// Unbinds the region's driver; its namespaces go with it.
  func disable() -> Int32 { unsafe ndctl_region_disable_invalidate(pointer) }

  /// The namespace that the kernel calls the seed although it is in use; nil if there is none.
  var lostSeed: NamespaceHandle? {
    guard unsafe ndctl_region_get_nstype(pointer) == CPmem_device_namespace_pmem,
      let seed = unsafe ndctl_region_get_namespace_seed(pointer),
      // One whose info block is refused counts as probed too (bus.c:nvdimm_bus_probe).
      unsafe ndctl_namespace_is_active(seed) || ndctl_namespace_get_size(seed) > 0
    else { return nil }
    return unsafe NamespaceHandle(seed, region: pointer)
  }

  // MARK: Snapshot

  func snapshot() -> Region {
    let isEnabled = unsafe ndctl_region_is_enabled(pointer) != 0
    let badBlocks = badBlocks
    let namespaces = isEnabled ? self.namespaces.map { $0.snapshot(hasBadblocks: !badBlocks.isEmpty) } : []
    return Region(
      id: Int(unsafe ndctl_region_get_id(pointer)), size: ByteCount(unsafe ndctl_region_get_size(pointer)),
      resource: unsafe number(ndctl_region_get_resource(pointer)), align: align,
      availableSize: ByteCount(unsafe number(ndctl_region_get_available_size(pointer)) ?? 0),
      maxAvailableExtent: ByteCount(unsafe number(ndctl_region_get_max_available_extent(pointer)) ?? 0),
      type: unsafe text(ndctl_region_get_type_name(pointer)) ?? "unknown",
      numaNode: Int(unsafe ndctl_region_get_numa_node(pointer)),
      targetNode: Int(unsafe ndctl_region_get_target_node(pointer)), isetID: isetID, mappings: mappings,
      capabilities: capabilities, persistenceDomain: persistenceDomain, isEnabled: isEnabled,
      isReadOnly: unsafe ndctl_region_get_ro(pointer) == 1,
      isLabeled: unsafe ndctl_region_get_nstype(pointer) == CPmem_device_namespace_pmem,
      namespaceSeed: namespaceSeed,
      badblockCount: Int(badBlocks.reduce(0) { $0 + $1.length } / 512), badBlocks: badBlocks,
      namespaces: namespaces)
  }

  private var align: UInt64 {
    let align = unsafe ndctl_region_get_align(pointer)
    // Kernels before 5.7 have no such attribute and take whole pages (region_devs.c).
    return align == .max || align == 0 ? 4096 : UInt64(align)
  }

  private var isetID: UInt64? {
    guard let set = unsafe ndctl_region_get_interleave_set(pointer) else { return nil }
    return unsafe ndctl_interleave_set_get_cookie(set)
  }

  private var mappings: [RegionMapping] {
    var mappings: [RegionMapping] = []
    var next = unsafe ndctl_mapping_get_first(pointer)
    while let mapping = unsafe next {
      mappings.append(
        RegionMapping(
          dimm: unsafe text(ndctl_dimm_get_devname(ndctl_mapping_get_dimm(mapping))) ?? "",
          offset: unsafe ndctl_mapping_get_offset(mapping), length: unsafe ndctl_mapping_get_length(mapping),
          position: Int(unsafe ndctl_mapping_get_position(mapping))))
      unsafe next = ndctl_mapping_get_next(mapping)
    }
    return mappings
  }

  private var persistenceDomain: String {
    switch unsafe ndctl_region_get_persistence_domain(pointer) {
    case PERSISTENCE_CPU_CACHE: "cpu_cache"
    case PERSISTENCE_MEM_CTRL: "memory_controller"
    case PERSISTENCE_NONE: "none"
    default: "unknown"
    }
  }

  private var namespaceSeed: String? {
    guard let seed = unsafe ndctl_region_get_namespace_seed(pointer) else { return nil }
    return unsafe text(ndctl_namespace_get_devname(seed))
  }

  private var badBlocks: [Extent] {
    var extents: [Extent] = []
    var next = unsafe ndctl_region_get_first_badblock(pointer)
    while let badblock = unsafe next {
      extents.append(
        unsafe Extent(offset: badblock.pointee.offset * 512, length: UInt64(badblock.pointee.len) * 512))
      unsafe next = ndctl_region_get_next_badblock(pointer)
    }
    return extents
  }

  // MARK: Capabilities, as the seeds report them

  private var capabilities: RegionCapabilities {
    RegionCapabilities(
      sectorSizes: sectorSizes, fsdaxAlignments: fsdaxAlignments, devdaxAlignments: devdaxAlignments)
  }

  private var sectorSizes: [UInt64] {
    guard let seed = unsafe ndctl_region_get_btt_seed(pointer) else { return [] }
    return (0..<max(0, unsafe ndctl_btt_get_num_sector_sizes(seed))).map {
      UInt64(unsafe ndctl_btt_get_supported_sector_size(seed, $0))
    }
  }

  private var fsdaxAlignments: [UInt64] {
    guard let seed = unsafe ndctl_region_get_pfn_seed(pointer) else { return [] }
    return (0..<max(0, unsafe ndctl_pfn_get_num_alignments(seed))).map {
      UInt64(unsafe ndctl_pfn_get_supported_alignment(seed, $0))
    }
  }

  private var devdaxAlignments: [UInt64] {
    guard let seed = unsafe ndctl_region_get_dax_seed(pointer) else { return [] }
    return (0..<max(0, unsafe ndctl_dax_get_num_alignments(seed))).map {
      UInt64(unsafe ndctl_dax_get_supported_alignment(seed, $0))
    }
  }
}
