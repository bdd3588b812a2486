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

  var isActive: Bool { unsafe ndctl_namespace_is_active(pointer) }

  var blockDevice: String? {
    let name: UnsafePointer<CChar>? =
      if let btt = unsafe ndctl_namespace_get_btt(pointer) {
        unsafe ndctl_btt_get_block_device(btt)
      } else if let pfn = unsafe ndctl_namespace_get_pfn(pointer) {
        unsafe ndctl_pfn_get_block_device(pfn)
      } else {
        unsafe ndctl_namespace_get_block_device(pointer)
      }
    let found = unsafe text(name)
    return found?.isEmpty == false ? found : nil
  }

  // MARK: Snapshot

  /// The namespace as `ndctl list` describes it (ndctl/util/json.c:util_namespace_to_json).
  func snapshot() -> Namespace {
    let isLegacy = unsafe ndctl_namespace_get_type(pointer) == CPmem_device_namespace_io
    let rawSize = ByteCount(unsafe number(ndctl_namespace_get_size(pointer)) ?? 0)
    var namespace = Namespace(
      regionID: Int(unsafe ndctl_region_get_id(region)), id: Int(unsafe ndctl_namespace_get_id(pointer)),
      size: rawSize, rawSize: rawSize,
      uuid: isLegacy ? nil : unsafe uuid { unsafe ndctl_namespace_get_uuid(pointer, $0) },
      sectorSize: sectorSize,
      name: unsafe text(ndctl_namespace_get_alt_name(pointer)).flatMap { $0.isEmpty ? nil : $0 },
      numaNode: Int(unsafe ndctl_namespace_get_numa_node(pointer)),
      targetNode: Int(unsafe ndctl_namespace_get_target_node(pointer)), isEnabled: isActive,
      resource: rawSize == .zero ? nil : unsafe number(ndctl_namespace_get_resource(pointer)),
      badblockCount: badblockCount)
    describeMode(of: &namespace)
    if isActive, namespace.mode != .devdax { namespace.blockDevice = blockDevice }
    return namespace
  }

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

  private func describeMode(of namespace: inout Namespace) {
    if let btt = unsafe ndctl_namespace_get_btt(pointer) {
      unsafe describe(btt: btt, in: &namespace)
    } else if let pfn = unsafe ndctl_namespace_get_pfn(pointer) {
      unsafe describe(pfn: pfn, in: &namespace)
    } else if let dax = unsafe ndctl_namespace_get_dax(pointer) {
      unsafe describe(dax: dax, in: &namespace)
    } else if unsafe ndctl_namespace_get_mode(pointer) == NDCTL_NS_MODE_MEMORY {
      // The kernel maps it as it is.
      namespace.mode = .fsdax
      namespace.map = .mem
    }
  }

  private func describe(btt: OpaquePointer, in namespace: inout Namespace) {
    namespace.holder = unsafe text(ndctl_btt_get_devname(btt))
    namespace.mode = .sector
    namespace.rawUUID = namespace.uuid
    namespace.uuid = unsafe uuid { unsafe ndctl_btt_get_uuid(btt, $0) }
    namespace.sectorSize = UInt64(unsafe ndctl_btt_get_sector_size(btt))
    if let size = unsafe number(ndctl_btt_get_size(btt)) { namespace.size = ByteCount(size) }
  }

  private func describe(pfn: OpaquePointer, in namespace: inout Namespace) {
    namespace.holder = unsafe text(ndctl_pfn_get_devname(pfn))
    namespace.mode = .fsdax
    namespace.map = Self.location(unsafe ndctl_pfn_get_location(pfn))
    namespace.rawUUID = namespace.uuid
    namespace.uuid = unsafe uuid { unsafe ndctl_pfn_get_uuid(pfn, $0) }
    if unsafe ndctl_pfn_has_align(pfn) != 0 { namespace.align = UInt64(unsafe ndctl_pfn_get_align(pfn)) }
    if let size = unsafe number(ndctl_pfn_get_size(pfn)), size > 0 { namespace.size = ByteCount(size) }
  }

  private func describe(dax: OpaquePointer, in namespace: inout Namespace) {
    namespace.holder = unsafe text(ndctl_dax_get_devname(dax))
    namespace.mode = .devdax
    namespace.map = Self.location(unsafe ndctl_dax_get_location(dax))
    namespace.rawUUID = namespace.uuid
    namespace.uuid = unsafe uuid { unsafe ndctl_dax_get_uuid(dax, $0) }
    namespace.sectorSize = nil
    if unsafe ndctl_dax_has_align(dax) != 0 { namespace.align = UInt64(unsafe ndctl_dax_get_align(dax)) }
    if let size = unsafe number(ndctl_dax_get_size(dax)), size > 0 { namespace.size = ByteCount(size) }
    if isActive, let region = unsafe ndctl_dax_get_daxctl_region(dax) {
      namespace.daxRegion = unsafe DaxRegionHandle(region).snapshot()
    }
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
