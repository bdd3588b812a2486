import CDaxctl
import Glibc
import PmemDevice

/// A DAX region in a context's tree: libdaxctl's side of a devdax namespace.
@safe
struct DaxRegionHandle {
  private let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }

  func snapshot() -> DaxRegion {
    let align = unsafe daxctl_region_get_align(pointer)
    return DaxRegion(
      id: Int(unsafe daxctl_region_get_id(pointer)),
      size: ByteCount(unsafe number(daxctl_region_get_size(pointer)) ?? 0),
      align: align == .max ? 0 : UInt64(align), path: path,
      availableSize: availableSize, devices: devices.map { $0.snapshot() })
  }

  /// Below /sys/devices.
  var path: String? {
    let prefix = "/sys/devices"
    guard let path = unsafe text(daxctl_region_get_path(pointer)), path.hasPrefix(prefix) else { return nil }
    return String(path.dropFirst(prefix.count))
  }

  /// sysfs has it for regions that can be divided only (drivers/dax/bus.c:dax_region_visible).
  private var availableSize: ByteCount? {
    guard let path = unsafe text(daxctl_region_get_path(pointer)),
      unsafe access(path + "/dax_region/available_size", F_OK) == 0
    else { return nil }
    return ByteCount(unsafe daxctl_region_get_available_size(pointer))
  }

  var id: Int { Int(unsafe daxctl_region_get_id(pointer)) }

  /// Makes a device of the seed, an empty one that waits or one that the kernel plants now, and binds device_dax (ndctl's
  /// daxctl/device.c:do_create).
  func create(_ size: ByteCount, align: UInt64) -> Int32 {
    if !hasEmptySeed {
      let status = unsafe daxctl_region_create_dev(pointer)
      guard status == 0 else { return status }
    }
    // The library lists devices once: nothing may have asked for them before.
    guard let device = unsafe daxctl_region_get_dev_seed(pointer) else { return -ENOSPC }
    var status: Int32 = 0
    if unsafe daxctl_dev_get_align(device) != UInt(align) {
      status = unsafe daxctl_dev_set_align(device, UInt(align))
    }
    if status == 0 { status = unsafe daxctl_dev_set_size(device, size.rawValue) }
    if status == 0 { status = unsafe daxctl_dev_enable_devdax(device) }
    guard status < 0 else { return 0 }
    _ = unsafe daxctl_dev_set_size(device, 0)
    _ = unsafe daxctl_region_destroy_dev(pointer, device)
    return status
  }

  private var hasEmptySeed: Bool {
    guard let path = unsafe text(daxctl_region_get_path(pointer)),
      let seed = attribute(path + "/dax_region/seed")
    else { return false }
    return !seed.isEmpty && attribute("\(path)/\(seed)/size") == "0"
  }

  /// Removes one of its devices.
  func destroy(_ device: DaxDeviceHandle) -> Int32 { unsafe device.destroy(in: pointer) }

  var devices: [DaxDeviceHandle] {
    var handles: [DaxDeviceHandle] = []
    var next = unsafe daxctl_dev_get_first(pointer)
    while let device = unsafe next {
      handles.append(unsafe DaxDeviceHandle(device))
      unsafe next = daxctl_dev_get_next(device)
    }
    return handles
  }
}
