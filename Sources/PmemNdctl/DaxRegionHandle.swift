import CDaxctl
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
      align: align == .max ? 0 : UInt64(align), path: path, devices: devices.map { $0.snapshot() })
  }

  /// Below /sys/devices.
  var path: String? {
    let prefix = "/sys/devices"
    guard let path = unsafe text(daxctl_region_get_path(pointer)), path.hasPrefix(prefix) else { return nil }
    return String(path.dropFirst(prefix.count))
  }

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

/// A DAX device in a context's tree.
@safe
struct DaxDeviceHandle {
  private let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }

  var chardev: String { unsafe text(daxctl_dev_get_devname(pointer)) ?? "" }

  /// Whether memory blocks of it are online as system-ram.
  var hasOnlineMemory: Bool { unsafe daxctl_dev_has_online_memory(pointer) == 1 }

  func snapshot() -> DaxDevice {
    let align = unsafe daxctl_dev_get_align(pointer)
    return DaxDevice(
      chardev: chardev, size: ByteCount(unsafe number(daxctl_dev_get_size(pointer)) ?? 0),
      targetNode: Int(unsafe daxctl_dev_get_target_node(pointer)), align: align == .max ? 0 : UInt64(align),
      mode: unsafe daxctl_dev_get_memory(pointer) == nil ? .devdax : .systemRAM,
      isEnabled: unsafe daxctl_dev_is_enabled(pointer) != 0, mappings: mappings)
  }

  private var mappings: [DaxRange] {
    var ranges: [DaxRange] = []
    var next = unsafe daxctl_mapping_get_first(pointer)
    while let mapping = unsafe next {
      ranges.append(
        DaxRange(
          pageOffset: unsafe daxctl_mapping_get_offset(mapping),
          start: unsafe daxctl_mapping_get_start(mapping),
          end: unsafe daxctl_mapping_get_end(mapping)))
      unsafe next = daxctl_mapping_get_next(mapping)
    }
    return ranges
  }
}
