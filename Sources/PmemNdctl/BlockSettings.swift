import CPmemShims
import Glibc
import PmemDevice

/// Settings of a block device that are lost with it: below /sys/class/block/NAME, and the read-only flag
/// (block/ioctl.c:blkdev_roset).
struct BlockSettings {
  private static let readOnly = "ro"
  private static let attributes = [
    "dax/write_cache", "queue/add_random", "queue/io_timeout", "queue/iostats", "queue/max_sectors_kb",
    "queue/nomerges", "queue/read_ahead_kb", "queue/rotational", "queue/rq_affinity", "queue/write_cache",
  ]

  /// /sys/class/block.
  let directory: String

  /// - Parameter device: `pmem0`.
  /// - Returns: All that this kernel has for it.
  func read(_ device: String) -> [String: String] {
    var found: [String: String] = [:]
    for name in Self.attributes + [Self.readOnly] {
      if let text = attribute("\(directory)/\(device)/\(name)") { found[name] = text }
    }
    return found
  }

  /// - Parameters:
  ///   - name: Of a setting.
  ///   - value: The old value.
  ///   - device: `pmem0`.
  ///   - node: Its node under /dev.
  /// - Throws: The kernel's reason.
  func put(_ name: String, _ value: String, on device: String, _ node: String) throws(DeviceError) {
    let status =
      name == Self.readOnly
      ? unsafe CPmem_set_read_only(node, value == "0" ? 0 : 1)
      : setAttribute("\(directory)/\(device)/\(name)", value)
    guard status == 0 else {
      throw DeviceError(.failed, NdctlContext.text(-status), errno: -status)
    }
  }
}
