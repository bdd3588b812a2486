import CNdctl
import Glibc
import PmemDevice
import PmemMedia

/// A DIMM in a context's tree.
@safe
struct DimmHandle {
  let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }

  func snapshot(_ depth: InventoryDepth) -> DIMM {
    let handle = unsafe ndctl_dimm_get_handle(pointer)
    let physicalID = unsafe ndctl_dimm_get_phys_id(pointer)
    return DIMM(
      dev: dev,
      id: unsafe text(ndctl_dimm_get_unique_id(pointer)),
      handle: handle == .max ? nil : handle, physicalID: physicalID == .max ? nil : physicalID,
      isEnabled: unsafe ndctl_dimm_is_enabled(pointer) != 0, flags: flags, security: securityWord,
      isSecurityFrozen: securityWord != nil && isSecurityFrozen,
      labels: labels(depth))
  }

  private var flags: [String] {
    var flags: [String] = []
    if unsafe ndctl_dimm_has_errors(pointer) != 0 {
      if unsafe ndctl_dimm_failed_save(pointer) != 0 { flags.append("failed_save") }
      if unsafe ndctl_dimm_failed_arm(pointer) != 0 { flags.append("failed_arm") }
      if unsafe ndctl_dimm_failed_restore(pointer) != 0 { flags.append("failed_restore") }
      if unsafe ndctl_dimm_failed_map(pointer) != 0 { flags.append("failed_map") }
      if unsafe ndctl_dimm_failed_flush(pointer) != 0 { flags.append("failed_flush") }
    }
    if unsafe ndctl_dimm_smart_pending(pointer) != 0 { flags.append("smart_event") }
    return flags
  }

  private var securityWord: String? {
    switch unsafe ndctl_dimm_get_security(pointer) {
    case NDCTL_SECURITY_DISABLED: "disabled"
    case NDCTL_SECURITY_UNLOCKED: "unlocked"
    case NDCTL_SECURITY_LOCKED: "locked"
    case NDCTL_SECURITY_FROZEN: "frozen"
    case NDCTL_SECURITY_OVERWRITE: "overwrite"
    default: nil
    }
  }

  private func labels(_ depth: InventoryDepth) -> LabelArea? {
    let available = unsafe ndctl_dimm_get_available_labels(pointer)
    guard available != .max else { return nil }
    var area = LabelArea(availableSlots: Int(clamping: available), version: nil)
    if depth == .planning { readIndex(into: &area) }
    return area
  }

  /// Reads the index blocks (an ioctl, for root) to learn the size of a label.
  private func readIndex(into area: inout LabelArea) {
    guard let command = unsafe ndctl_dimm_read_label_index(pointer) else { return }
    defer { unsafe ndctl_cmd_unref(command) }
    guard let size = areaSize, let start = unsafe Self.area(of: command) else { return }
    // Not ndctl_dimm_validate_labels(): the kernel refuses index blocks that it accepts.
    let index = LabelStore.index(in: start, areaSize: size)
    area.isBlank = index == nil
    // Without an index block the kernel would write labels of 1.2.
    area.version = index?.layout.version ?? .v12
  }

  /// Bytes of the label area.
  private var areaSize: Int? {
    guard let command = unsafe ndctl_dimm_cmd_new_cfg_size(pointer) else { return nil }
    defer { unsafe ndctl_cmd_unref(command) }
    guard unsafe ndctl_cmd_submit(command) >= 0 else { return nil }
    return Int(unsafe ndctl_cmd_cfg_size_get_size(command))
  }

  /// Writes fresh index blocks over those of any format, then has the kernel read them. ndctl_dimm_init_labels() does
  /// not overwrite an old index block at another offset, and the kernel takes that.
  ///
  /// - Returns: 0 or a negative error number; -EBUSY while a region of the DIMM is enabled.
  func initializeLabels(_ version: LabelVersion) -> Int32 {
    guard unsafe ndctl_dimm_is_active(pointer) == 0 else { return -EBUSY }
    guard let read = unsafe ndctl_dimm_read_labels(pointer) else { return -ENXIO }
    defer { unsafe ndctl_cmd_unref(read) }
    guard let area = unsafe Self.area(of: read) else { return -EIO }
    guard let fresh = FreshLabels(over: area, version: version) else { return -EINVAL }
    for stage in fresh.stages {
      let status = unsafe Self.write(stage, over: read)
      guard status >= 0 else { return status }
    }
    return readAnew()
  }

  /// The data that a command has read; nil if they are incomplete.
  private static func area(of read: OpaquePointer) -> [UInt8]? {
    let size = unsafe ndctl_cmd_cfg_read_get_size(read)
    guard size > 0 else { return nil }
    var area = [UInt8](repeating: 0, count: size)
    let got = unsafe area.withUnsafeMutableBytes { buffer in
      unsafe ndctl_cmd_cfg_read_get_data(read, buffer.baseAddress, UInt32(buffer.count), 0)
    }
    return got == size ? area : nil
  }

  /// The whole label area; nil if there is none.
  func readLabels() throws(RawModeError) -> [UInt8]? {
    errno = 0
    guard let command = unsafe ndctl_dimm_read_labels(pointer) else {
      // The library sets no error number if the DIMM has no such command.
      guard errno == 0 || errno == ENOTTY || errno == ENOENT else { throw RawModeError(errno) }
      return nil
    }
    defer { unsafe ndctl_cmd_unref(command) }
    guard unsafe ndctl_cmd_cfg_read_get_size(command) > 0 else { return nil }
    guard let bytes = unsafe Self.area(of: command) else { throw RawModeError(EIO) }
    return bytes
  }

  /// Writes the whole label area, its index blocks last, then has the kernel read it, as `ndctl write-labels` and two more
  /// commands do.
  ///
  /// - Returns: 0 or a negative error number; -EBUSY while a region of the DIMM is enabled.
  func writeLabels(_ bytes: [UInt8]) -> Int32 {
    guard unsafe ndctl_dimm_is_active(pointer) == 0 else { return -EBUSY }
    guard let read = unsafe ndctl_dimm_read_labels(pointer) else { return -ENXIO }
    defer { unsafe ndctl_cmd_unref(read) }
    guard unsafe ndctl_cmd_cfg_read_get_size(read) == bytes.count else { return -EINVAL }
    guard var area = unsafe Self.area(of: read) else { return -EIO }
    // The library only writes whole areas, from their start (do_cmd leaves the offset of an extent out): the rest is
    // written unchanged.
    for part in LabelWriteOrder(bytes).parts {
      area.replaceSubrange(part, with: bytes[part])
      let status = unsafe Self.write(area, over: read)
      guard status >= 0 else { return status }
    }
    return readAnew()
  }

  /// Writes the whole label area that a command has read.
  private static func write(_ area: [UInt8], over read: OpaquePointer) -> Int32 {
    guard let write = unsafe ndctl_dimm_cmd_new_cfg_write(read) else { return -ENXIO }
    defer { unsafe ndctl_cmd_unref(write) }
    var area = area
    let set = unsafe area.withUnsafeMutableBytes { buffer in
      unsafe ndctl_cmd_cfg_write_set_data(write, buffer.baseAddress, UInt32(buffer.count), 0)
    }
    guard set == area.count else { return -EIO }
    let status = unsafe ndctl_cmd_submit(write)
    // Positive: a part was written.
    return status > 0 ? -EIO : status
  }

  /// Has the driver read the labels; a disabled DIMM holds no copy in memory.
  private func readAnew() -> Int32 {
    guard unsafe ndctl_dimm_is_enabled(pointer) != 0 else { return 0 }
    let disabled = unsafe ndctl_dimm_disable(pointer)
    return disabled == 0 ? unsafe ndctl_dimm_enable(pointer) : disabled
  }

  func enable() -> Int32 { unsafe ndctl_dimm_enable(pointer) }

  func disable() -> Int32 {
    // The kernel would unbind it under its regions.
    guard unsafe ndctl_dimm_is_active(pointer) == 0 else { return -EBUSY }
    return unsafe ndctl_dimm_disable(pointer)
  }

  var dev: String { unsafe text(ndctl_dimm_get_devname(pointer)) ?? "" }
}
