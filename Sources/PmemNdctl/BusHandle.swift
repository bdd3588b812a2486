import CNdctl
import CPmemShims
import Glibc
import PmemDevice

/// A bus in a context's tree.
@safe
struct BusHandle {
  let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }

  var dev: String { unsafe text(ndctl_bus_get_devname(pointer)) ?? "" }

  /// Waits until every driver that the kernel is binding or unbinding in the background is done.
  func settle() { _ = unsafe ndctl_bus_wait_probe(pointer) }

  var dimms: [DimmHandle] {
    var handles: [DimmHandle] = []
    var next = unsafe ndctl_dimm_get_first(pointer)
    while let dimm = unsafe next {
      handles.append(unsafe DimmHandle(dimm))
      unsafe next = ndctl_dimm_get_next(dimm)
    }
    return handles
  }

  var regions: [RegionHandle] {
    var handles: [RegionHandle] = []
    var next = unsafe ndctl_region_get_first(pointer)
    while let region = unsafe next {
      handles.append(unsafe RegionHandle(region))
      unsafe next = ndctl_region_get_next(region)
    }
    return handles
  }

  /// Everything on it, in the library's order.
  func snapshot(_ depth: InventoryDepth) -> Bus {
    Bus(
      dev: dev, provider: unsafe text(ndctl_bus_get_provider(pointer)) ?? "", scrubState: scrubState,
      canClearErrors: unsafe ndctl_bus_is_cmd_supported(pointer, CPmem_command_clear_error) != 0,
      dimms: dimms.map { $0.snapshot(depth) }, regions: regions.map { $0.snapshot() })
  }

  private var scrubState: String? {
    switch unsafe ndctl_bus_get_scrub_state(pointer) {
    case ..<0: nil
    case 0: "idle"
    default: "active"
    }
  }

  /// Has the platform make a range of physical addresses good again.
  ///
  /// - Returns: 0 or a negative error number; -EBUSY if a namespace in it is enabled (bus.c:nd_cmd_clear_to_send).
  func clearErrors(at address: UInt64, length: UInt64) -> Int32 {
    guard let range = unsafe ndctl_bus_cmd_new_ars_cap(pointer, address, length) else { return -EOPNOTSUPP }
    defer { unsafe ndctl_cmd_unref(range) }
    var status = unsafe ndctl_cmd_submit(range)
    guard status >= 0 else { return status }
    guard let clear = unsafe ndctl_bus_cmd_new_clear_error(address, length, range) else { return -EOPNOTSUPP }
    defer { unsafe ndctl_cmd_unref(clear) }
    status = unsafe ndctl_cmd_submit(clear)
    guard status >= 0 else { return status }
    return unsafe ndctl_cmd_clear_error_get_cleared(clear) < length ? -EIO : 0
  }

  static func number(_ name: String) -> Int { Int(name.drop { !$0.isNumber }) ?? 0 }
}

/// A C string that may be missing.
func text(_ pointer: UnsafePointer<CChar>?) -> String? {
  guard let pointer = unsafe pointer else { return nil }
  return unsafe String(cString: pointer)
}

/// libndctl's value for an unknown number: all bits set.
func number(_ value: UInt64) -> UInt64? { value == .max ? nil : value }
