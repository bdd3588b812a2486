import CPmemShims
import Glibc
import SystemPackage

/// The backing of a loop device (drivers/block/loop.c:loop_get_status).
enum LoopBacking {
  /// - Parameters:
  ///   - name: `loop0`.
  ///   - directory: Of the device under /sys.
  /// - Returns: nil if it cannot be asked.
  static func facts(_ name: String, directory: FilePath) -> FileFacts? {
    guard let number = KernelFile.line(directory.appending("dev")).flatMap(DeviceTable.number) else {
      return nil
    }
    let descriptor = CPmem_open_device(
      "/dev/\(name)", 1, DeviceTable.major(number), DeviceTable.minor(number),
      O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var file = CPmem_file()
    guard CPmem_loop_backing(descriptor, &file) == 0 else { return nil }
    return FileFacts(
      device: file.device, inode: file.inode, specialDevice: file.special_device, mode: file.mode)
  }
}
