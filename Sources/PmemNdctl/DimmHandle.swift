import CNdctl
import PmemDevice

/// A DIMM in a context's tree.
@safe
struct DimmHandle {
  private let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }

  func snapshot(_ depth: InventoryDepth) -> DIMM {
    let handle = unsafe ndctl_dimm_get_handle(pointer)
    let physicalID = unsafe ndctl_dimm_get_phys_id(pointer)
    return DIMM(
      dev: unsafe text(ndctl_dimm_get_devname(pointer)) ?? "",
      id: unsafe text(ndctl_dimm_get_unique_id(pointer)),
      handle: handle == .max ? nil : handle, physicalID: physicalID == .max ? nil : physicalID,
      isEnabled: unsafe ndctl_dimm_is_enabled(pointer) != 0, flags: flags, security: security,
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
    if unsafe ndctl_dimm_has_notifications(pointer) != 0 { flags.append("smart_event") }
    return flags
  }

  private var security: String? {
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
    return LabelArea(
      availableSlots: Int(clamping: available), version: depth == .planning ? labelVersion : nil)
  }

  /// Reads the index blocks (an ioctl, for root) to learn the size of a label.
  private var labelVersion: LabelVersion? {
    guard let command = unsafe ndctl_dimm_read_label_index(pointer) else { return nil }
    unsafe ndctl_cmd_unref(command)
    // Only validation finds out the size of a label; where there is none, it leaves what the kernel would write.
    guard unsafe ndctl_dimm_validate_labels(pointer) >= 0 else { return .v12 }
    let size = unsafe ndctl_dimm_sizeof_namespace_label(pointer)
    return LabelVersion.allCases.first { $0.labelSize == Int(size) }
  }
}
