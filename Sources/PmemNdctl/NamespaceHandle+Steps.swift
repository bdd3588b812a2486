import CNdctl
import CPmemShims
import Glibc
import PmemDevice

/// The primitive changes. Each returns 0 or a negative error number, and changes nothing if it fails.
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
    var status = enforce(NDCTL_NS_MODE_FSDAX)
    if status == 0 { status = unsafe withBytes(uuid) { unsafe ndctl_pfn_set_uuid(pfn, $0) } }
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
    var status = enforce(NDCTL_NS_MODE_DEVDAX)
    if status == 0 { status = unsafe withBytes(uuid) { unsafe ndctl_dax_set_uuid(dax, $0) } }
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
    var status = enforce(NDCTL_NS_MODE_SECTOR)
    if status == 0 { status = unsafe withBytes(uuid) { unsafe ndctl_btt_set_uuid(btt, $0) } }
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
    // Positive: a btt, pfn or dax device claimed it because of an info block.
    return min(0, unsafe ndctl_namespace_enable(pointer))
  }

  /// Checks for exclusive openers and online memory once more, then unbinds and dissolves the claim.
  func disable() -> Int32 { unsafe ndctl_namespace_disable_safe(pointer) }

  /// Opens it in raw mode, as a block device of all its bytes, while `body` runs.
  ///
  /// - Parameters:
  ///   - flags: Of open(2).
  ///   - body: Gets the descriptor and the size.
  /// - Returns: The result of `body`.
  /// - Throws: The error number of what failed; ``DeviceError`` is made of it by the caller.
  func withRawMode<Result>(
    _ flags: Int32, _ body: (Int32, UInt64) throws(RawModeError) -> Result
  ) throws(RawModeError) -> Result {
    // Raw mode would first disable a claimed namespace.
    guard !isActive, !isClaimed else { throw RawModeError(EBUSY) }
    let size = unsafe ndctl_namespace_get_size(pointer)
    guard size > 0 else { throw RawModeError(ENXIO) }
    defer { _ = unsafe ndctl_namespace_set_raw_mode(pointer, 0) }
    var status = unsafe ndctl_namespace_set_raw_mode(pointer, 1)
    if status >= 0 { status = unsafe ndctl_namespace_enable(pointer) }
    // Positive: its mode claimed it all the same.
    guard status == 0 else {
      // A failed call may have had its effect.
      _ = unsafe ndctl_namespace_disable_invalidate(pointer)
      throw RawModeError(status < 0 ? -status : EBUSY)
    }
    let result: Result
    do throws(RawModeError) {
      result = try withBlockDevice(flags) { descriptor throws(RawModeError) in try body(descriptor, size) }
    } catch {
      _ = unsafe ndctl_namespace_disable_invalidate(pointer)
      throw error
    }
    let disabled = unsafe ndctl_namespace_disable_invalidate(pointer)
    guard disabled >= 0 else {
      // Bound, it would show a block device of all its bytes.
      _ = unsafe ndctl_namespace_disable_invalidate(pointer)
      throw RawModeError(-disabled)
    }
    return result
  }

  private func withBlockDevice<Result>(
    _ flags: Int32, _ body: (Int32) throws(RawModeError) -> Result
  ) throws(RawModeError) -> Result {
    guard let device = unsafe text(ndctl_namespace_get_block_device(pointer)) else {
      throw RawModeError(ENXIO)
    }
    let descriptor = DeviceFile.open(device, .block, flags)
    guard descriptor >= 0 else { throw RawModeError(-descriptor) }
    defer { close(descriptor) }
    return try body(descriptor)
  }

  /// Writes bytes below its mode, as ndctl does for info blocks (ndctl/namespace.c:zero_info_block).
  func write(_ bytes: [UInt8], at offset: UInt64) -> Int32 {
    do throws(RawModeError) {
      try withRawMode(O_RDWR | O_EXCL) { descriptor, size throws(RawModeError) in
        try DescriptorMedia(descriptor, size: size).put(bytes, at: offset)
      }
      return 0
    } catch {
      return -error.errno
    }
  }

  func zeroInfoBlock() -> Int32 {
    let size = unsafe ndctl_namespace_get_size(pointer)
    return write([UInt8](repeating: 0, count: Int(min(PfnLayout.infoBlockReserve, size))), at: 0)
  }

  func rename(_ name: String) -> Int32 {
    guard isLabeled else { return -ENXIO }
    guard !isActive, !isClaimed else { return -EBUSY }
    return unsafe ndctl_namespace_set_alt_name(pointer, name)
  }

  func identify(_ uuid: DeviceUUID) -> Int32 {
    guard isLabeled else { return -ENXIO }
    guard !isActive, !isClaimed else { return -EBUSY }
    guard unsafe ndctl_namespace_get_size(pointer) > 0 else { return -ENXIO }
    return unsafe withBytes(uuid) { unsafe ndctl_namespace_set_uuid(pointer, $0) }
  }

  /// Writes holder_class, and with it the labels; of a label-less namespace the kernel alone remembers it.
  func setMode(_ mode: NamespaceMode) -> Int32 {
    guard !isActive, !isClaimed else { return -EBUSY }
    guard unsafe ndctl_namespace_get_size(pointer) > 0 else { return -ENXIO }
    let native =
      switch mode {
      case .fsdax: NDCTL_NS_MODE_FSDAX
      case .devdax: NDCTL_NS_MODE_DEVDAX
      case .sector: NDCTL_NS_MODE_SECTOR
      case .raw: NDCTL_NS_MODE_RAW
      }
    return enforce(native)
  }

  /// Writes holder_class. namespace_devs.c:holder_class_store has noted it by the time that it finds no labels, and fails;
  /// kernels before 4.14 have no such attribute.
  private func enforce(_ mode: ndctl_namespace_mode) -> Int32 {
    let status = unsafe ndctl_namespace_set_enforce_mode(pointer, mode)
    return isLabeled && status != -ENOENT ? status : 0
  }

  /// The kernel cuts or adds at its end, or adds before its start (namespace_devs.c:scan_allocate).
  func resize(_ size: ByteCount) -> Int32 {
    guard !isActive, !isClaimed else { return -EBUSY }
    guard isLabeled, unsafe ndctl_namespace_get_size(pointer) > 0 else { return -ENXIO }
    return unsafe ndctl_namespace_set_size(pointer, size.rawValue)
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
    return unsafe DaxRegionHandle(region).devices.compactMap {
      Usage(onlineMemoryOf: $0.snapshot(), namespace: dev)
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
