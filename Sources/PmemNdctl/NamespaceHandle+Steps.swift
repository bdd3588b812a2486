import CNdctl
import CPmemShims
import Glibc
import PmemDevice

/// The primitive changes. Each returns 0 or a negative error number, and leaves things as they were where it
/// fails.
extension NamespaceHandle {
  /// Identity and size, in the order in which the kernel wants them (namespace_devs.c:__size_store needs a UUID).
  func allocate(_ request: Allocation) -> Int32 {
    guard isLabeled else { return -ENXIO }
    // The kernel would resize it.
    guard !isActive, !isClaimed, unsafe ndctl_namespace_get_size(pointer) == 0 else { return -EBUSY }
    let name = unsafe text(ndctl_namespace_get_alt_name(pointer)) ?? ""
    var status = unsafe withBytes(request.uuid) { unsafe ndctl_namespace_set_uuid(pointer, $0) }
    // Always written: an idle device keeps the name of the namespace that it was.
    if status == 0 { status = unsafe ndctl_namespace_set_alt_name(pointer, request.name ?? "") }
    if status == 0 { status = unsafe ndctl_namespace_set_size(pointer, request.size.rawValue) }
    if status == 0, let sectorSize = request.sectorSize {
      status = unsafe ndctl_namespace_set_sector_size(pointer, UInt32(clamping: sectorSize))
    }
    // Size 0 also makes the kernel forget the UUID, which would block the device for everyone else. Only
    // deletion writes it (and frees the handle, which is not used again).
    if status != 0 {
      _ = unsafe ndctl_namespace_set_alt_name(pointer, name)
      _ = unsafe ndctl_namespace_delete(pointer)
    }
    return status
  }

  func claim(_ claim: Claim) -> Int32 {
    // The kernel would attach a claim to a namespace whose own driver is bound, and then fail to bind the claim's.
    guard !isActive, !isClaimed else { return -EBUSY }
    return switch claim {
    case .fsdax(let map, let align, let uuid): claimPFN(map, align, uuid)
    case .devdax(let map, let align, let uuid): claimDAX(map, align, uuid)
    case .sector(let size, let uuid): claimBTT(size, uuid)
    }
  }

  /// Whether a driver is bound, its own or its claim's.
  private var isActive: Bool { unsafe ndctl_namespace_is_active(pointer) }

  private var isLabeled: Bool { unsafe ndctl_region_get_nstype(region) == CPmem_device_namespace_pmem }

  private var isClaimed: Bool {
    unsafe ndctl_namespace_get_btt(pointer) != nil || ndctl_namespace_get_pfn(pointer) != nil
      || ndctl_namespace_get_dax(pointer) != nil
  }

  private func claimPFN(_ map: MapLocation, _ align: UInt64, _ uuid: DeviceUUID) -> Int32 {
    guard let pfn = unsafe ndctl_region_get_pfn_seed(region) else { return -ENODEV }
    // Waiting for another namespace to be enabled.
    guard unsafe ndctl_pfn_get_namespace(pfn) == nil else { return -EBUSY }
    _ = unsafe ndctl_namespace_set_enforce_mode(pointer, NDCTL_NS_MODE_FSDAX)
    var status = unsafe withBytes(uuid) { unsafe ndctl_pfn_set_uuid(pfn, $0) }
    if status == 0 { status = unsafe ndctl_pfn_set_location(pfn, Self.location(map)) }
    if status == 0, unsafe ndctl_pfn_has_align(pfn) != 0 {
      status = unsafe ndctl_pfn_set_align(pfn, UInt(align))
    }
    if status == 0 { status = unsafe ndctl_pfn_set_namespace(pfn, pointer) }
    if status != 0 { _ = unsafe ndctl_pfn_set_namespace(pfn, nil) }
    return status
  }

  private func claimDAX(_ map: MapLocation, _ align: UInt64, _ uuid: DeviceUUID) -> Int32 {
    guard let dax = unsafe ndctl_region_get_dax_seed(region) else { return -ENODEV }
    // Waiting for another namespace to be enabled.
    guard unsafe ndctl_dax_get_namespace(dax) == nil else { return -EBUSY }
    _ = unsafe ndctl_namespace_set_enforce_mode(pointer, NDCTL_NS_MODE_DEVDAX)
    var status = unsafe withBytes(uuid) { unsafe ndctl_dax_set_uuid(dax, $0) }
    if status == 0 { status = unsafe ndctl_dax_set_location(dax, Self.location(map)) }
    if status == 0, unsafe ndctl_dax_has_align(dax) != 0 {
      status = unsafe ndctl_dax_set_align(dax, UInt(align))
    }
    if status == 0 { status = unsafe ndctl_dax_set_namespace(dax, pointer) }
    if status != 0 { _ = unsafe ndctl_dax_set_namespace(dax, nil) }
    return status
  }

  private func claimBTT(_ sectorSize: UInt64, _ uuid: DeviceUUID) -> Int32 {
    guard let btt = unsafe ndctl_region_get_btt_seed(region) else { return -ENODEV }
    // Waiting for another namespace to be enabled.
    guard unsafe ndctl_btt_get_namespace(btt) == nil else { return -EBUSY }
    _ = unsafe ndctl_namespace_set_enforce_mode(pointer, NDCTL_NS_MODE_SECTOR)
    var status = unsafe withBytes(uuid) { unsafe ndctl_btt_set_uuid(btt, $0) }
    if status == 0 { status = unsafe ndctl_btt_set_sector_size(btt, UInt32(clamping: sectorSize)) }
    if status == 0 { status = unsafe ndctl_btt_set_namespace(btt, pointer) }
    if status != 0 { _ = unsafe ndctl_btt_set_namespace(btt, nil) }
    return status
  }

  func release() -> Int32 {
    // The library would disable it first.
    guard !isActive else { return -EBUSY }
    return if let btt = unsafe ndctl_namespace_get_btt(pointer) {
      unsafe ndctl_btt_delete(btt)
    } else if let pfn = unsafe ndctl_namespace_get_pfn(pointer) {
      unsafe ndctl_pfn_delete(pfn)
    } else if let dax = unsafe ndctl_namespace_get_dax(pointer) {
      unsafe ndctl_dax_delete(dax)
    } else {
      0
    }
  }

  func enable() -> Int32 {
    if let btt = unsafe ndctl_namespace_get_btt(pointer) { return unsafe ndctl_btt_enable(btt) }
    if let pfn = unsafe ndctl_namespace_get_pfn(pointer) { return unsafe ndctl_pfn_enable(pfn) }
    if let dax = unsafe ndctl_namespace_get_dax(pointer) { return unsafe ndctl_dax_enable(dax) }
    // Positive: a btt, pfn or dax device that an info block calls for took it.
    return min(0, unsafe ndctl_namespace_enable(pointer))
  }

  /// Checks for exclusive openers and online memory once more, then unbinds and dissolves the claim.
  func disable() -> Int32 { unsafe ndctl_namespace_disable_safe(pointer) }

  /// Writes zeros where info blocks are, through the raw block device, as ndctl does
  /// (ndctl/namespace.c:zero_info_block).
  func zeroInfoBlock() -> Int32 {
    // Raw mode would first take it from whoever has it.
    guard !isActive, !isClaimed else { return -EBUSY }
    guard unsafe ndctl_namespace_get_size(pointer) > 0 else { return -ENXIO }
    _ = unsafe ndctl_namespace_set_raw_mode(pointer, 1)
    var status = unsafe ndctl_namespace_enable(pointer)
    if status >= 0 {
      status = writeZeros()
      let disabled = unsafe ndctl_namespace_disable_invalidate(pointer)
      if status == 0 { status = disabled }
    }
    _ = unsafe ndctl_namespace_set_raw_mode(pointer, 0)
    return min(0, status)
  }

  private func writeZeros() -> Int32 {
    guard let device = unsafe text(ndctl_namespace_get_block_device(pointer)) else { return -ENXIO }
    let descriptor = unsafe Glibc.open("/dev/\(device)", O_RDWR | O_EXCL | O_CLOEXEC)
    guard descriptor >= 0 else { return -errno }
    defer { close(descriptor) }
    let size = unsafe ndctl_namespace_get_size(pointer)
    let zeros = [UInt8](repeating: 0, count: Int(min(PfnLayout.infoBlockReserve, size)))
    let written = unsafe zeros.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    guard written == zeros.count else { return written < 0 ? -errno : -EIO }
    return fsync(descriptor) == 0 ? 0 : -errno
  }

  func free() -> Int32 {
    guard !isActive, !isClaimed else { return -EBUSY }
    // The library takes the deletion of a label-less namespace for done.
    guard isLabeled else { return -ENXIO }
    return unsafe ndctl_namespace_delete(pointer)
  }

  /// Memory blocks of its DAX devices that are online as system-ram.
  var onlineMemory: [Usage] {
    guard let dax = unsafe ndctl_namespace_get_dax(pointer),
      let region = unsafe ndctl_dax_get_daxctl_region(dax)
    else { return [] }
    return unsafe DaxRegionHandle(region).devices.filter(\.hasOnlineMemory).map { device in
      Usage(
        kind: .systemRAM, namespace: dev, path: RawText("/dev/\(device.chardev)"), effect: .refused,
        advice: "take it offline first: daxctl offline-memory \(device.chardev)")
    }
  }

  private static func location(_ map: MapLocation) -> ndctl_pfn_loc {
    switch map {
    case .none: NDCTL_PFN_LOC_NONE
    case .mem: NDCTL_PFN_LOC_RAM
    case .dev: NDCTL_PFN_LOC_PMEM
    }
  }

  private func withBytes(_ uuid: DeviceUUID, _ body: (UnsafeMutablePointer<UInt8>) -> Int32) -> Int32 {
    var bytes = uuid.bytes
    return unsafe bytes.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return -EINVAL }
      return unsafe body(base)
    }
  }
}
