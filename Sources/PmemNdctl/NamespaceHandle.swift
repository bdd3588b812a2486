import CNdctl
import CPmemShims
import PmemDevice

/// A namespace in a context's tree.
@safe
struct NamespaceHandle {
  let pointer: OpaquePointer
  /// Its region, which owns the seeds.
  let region: OpaquePointer

  init(_ pointer: OpaquePointer, region: OpaquePointer) {
    unsafe self.pointer = pointer
    unsafe self.region = region
  }

  var dev: String { unsafe text(ndctl_namespace_get_devname(pointer)) ?? "" }

  /// The device that claims it. libndctl reads sysfs for each of these questions, so they are asked once.
  @safe
  private enum Holder {
    case btt(OpaquePointer)
    case pfn(OpaquePointer)
    case dax(OpaquePointer)
    case none
  }

  private var holder: Holder {
    if let btt = unsafe ndctl_namespace_get_btt(pointer) { return unsafe .btt(btt) }
    if let pfn = unsafe ndctl_namespace_get_pfn(pointer) { return unsafe .pfn(pfn) }
    if let dax = unsafe ndctl_namespace_get_dax(pointer) { return unsafe .dax(dax) }
    return .none
  }

  /// Of its label; nil for a label-less one.
  var labelUUID: DeviceUUID? {
    guard unsafe ndctl_namespace_get_type(pointer) != CPmem_device_namespace_io else { return nil }
    return unsafe uuid { unsafe ndctl_namespace_get_uuid(pointer, $0) }
  }

  // MARK: Snapshot

  /// The namespace as `ndctl list` describes it (ndctl/util/json.c:util_namespace_to_json).
  ///
  /// - Parameter hasBadblocks: Whether its region has any; asking each namespace is slow.
  /// - Returns: A value that outlives the context.
  func snapshot(hasBadblocks: Bool) -> Namespace {
    let isLegacy = unsafe ndctl_namespace_get_type(pointer) == CPmem_device_namespace_io
    let rawSize = ByteCount(unsafe number(ndctl_namespace_get_size(pointer)) ?? 0)
    let name = unsafe text(ndctl_namespace_get_alt_name(pointer))
    var namespace = Namespace(
      regionID: Int(unsafe ndctl_region_get_id(region)), id: Int(unsafe ndctl_namespace_get_id(pointer)),
      size: rawSize, rawSize: rawSize,
      uuid: isLegacy ? nil : unsafe uuid { unsafe ndctl_namespace_get_uuid(pointer, $0) },
      sectorSize: sectorSize, name: name?.isEmpty == false ? name : nil,
      numaNode: Int(unsafe ndctl_namespace_get_numa_node(pointer)),
      targetNode: Int(unsafe ndctl_namespace_get_target_node(pointer)),
      resource: rawSize == .zero ? nil : resource,
      badblockCount: hasBadblocks ? badblockCount : 0)
    switch holder {
    case .btt(let btt): unsafe describe(btt: btt, in: &namespace)
    case .pfn(let pfn): unsafe describe(pfn: pfn, in: &namespace)
    case .dax(let dax): unsafe describe(dax: dax, in: &namespace)
    case .none: describeUnclaimed(&namespace)
    }
    return namespace
  }

  /// Physical address; nil if it may not be read.
  var resource: UInt64? { unsafe number(ndctl_namespace_get_resource(pointer)) }

  private var sectorSize: UInt64 {
    let size = unsafe ndctl_namespace_get_sector_size(pointer)
    return size == 0 || size == .max ? 512 : UInt64(size)
  }

  private var badblockCount: Int {
    var count = 0
    var next = unsafe ndctl_namespace_get_first_badblock(pointer)
    while let badblock = unsafe next {
      count += Int(unsafe badblock.pointee.len)
      unsafe next = ndctl_namespace_get_next_badblock(pointer)
    }
    return count
  }

  private func describeUnclaimed(_ namespace: inout Namespace) {
    namespace.isEnabled = unsafe ndctl_namespace_is_enabled(pointer) != 0
    if unsafe ndctl_namespace_get_mode(pointer) == NDCTL_NS_MODE_MEMORY {
      // The kernel maps it as it is.
      namespace.mode = .fsdax
      namespace.map = .mem
    }
    if namespace.isEnabled {
      namespace.blockDevice = unsafe Self.device(ndctl_namespace_get_block_device(pointer))
    }
  }

  private func describe(btt: OpaquePointer, in namespace: inout Namespace) {
    namespace.isEnabled = unsafe ndctl_btt_is_enabled(btt) != 0
    namespace.holder = unsafe text(ndctl_btt_get_devname(btt))
    namespace.mode = .sector
    namespace.rawUUID = namespace.uuid
    namespace.uuid = unsafe uuid { unsafe ndctl_btt_get_uuid(btt, $0) }
    // UINT_MAX: the info block has a size that the kernel does not offer, and attaches all the same.
    let size = unsafe ndctl_btt_get_sector_size(btt)
    namespace.sectorSize = size == .max ? nil : UInt64(size)
    if let size = unsafe number(ndctl_btt_get_size(btt)) { namespace.size = ByteCount(size) }
    if namespace.isEnabled { namespace.blockDevice = unsafe Self.device(ndctl_btt_get_block_device(btt)) }
  }

  private func describe(pfn: OpaquePointer, in namespace: inout Namespace) {
    namespace.isEnabled = unsafe ndctl_pfn_is_enabled(pfn) != 0
    namespace.holder = unsafe text(ndctl_pfn_get_devname(pfn))
    namespace.mode = .fsdax
    namespace.map = Self.location(unsafe ndctl_pfn_get_location(pfn))
    namespace.rawUUID = namespace.uuid
    namespace.uuid = unsafe uuid { unsafe ndctl_pfn_get_uuid(pfn, $0) }
    if unsafe ndctl_pfn_has_align(pfn) != 0 { namespace.align = UInt64(unsafe ndctl_pfn_get_align(pfn)) }
    if let size = unsafe number(ndctl_pfn_get_size(pfn)), size > 0 { namespace.size = ByteCount(size) }
    if namespace.isEnabled { namespace.blockDevice = unsafe Self.device(ndctl_pfn_get_block_device(pfn)) }
  }

  private func describe(dax: OpaquePointer, in namespace: inout Namespace) {
    namespace.isEnabled = unsafe ndctl_dax_is_enabled(dax) != 0
    namespace.holder = unsafe text(ndctl_dax_get_devname(dax))
    namespace.mode = .devdax
    namespace.map = Self.location(unsafe ndctl_dax_get_location(dax))
    namespace.rawUUID = namespace.uuid
    namespace.uuid = unsafe uuid { unsafe ndctl_dax_get_uuid(dax, $0) }
    namespace.sectorSize = nil
    if unsafe ndctl_dax_has_align(dax) != 0 { namespace.align = UInt64(unsafe ndctl_dax_get_align(dax)) }
    if let size = unsafe number(ndctl_dax_get_size(dax)), size > 0 { namespace.size = ByteCount(size) }
    if namespace.isEnabled, let region = unsafe ndctl_dax_get_daxctl_region(dax) {
      namespace.daxRegion = unsafe DaxRegionHandle(region).snapshot()
    }
  }

  private static func device(_ name: UnsafePointer<CChar>?) -> String? {
    let name = unsafe text(name)
    return name?.isEmpty == false ? name : nil
  }

  private static func location(_ location: ndctl_pfn_loc) -> MapLocation {
    switch location {
    case NDCTL_PFN_LOC_RAM: .mem
    case NDCTL_PFN_LOC_PMEM: .dev
    default: .none
    }
  }

  private func uuid(_ read: (UnsafeMutablePointer<UInt8>) -> Void) -> DeviceUUID? {
    var bytes = [UInt8](repeating: 0, count: 16)
    unsafe bytes.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress { unsafe read(base) }
    }
    return DeviceUUID(bytes: bytes)
  }
}
