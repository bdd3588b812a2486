import Glibc
import PmemDevice

/// Asks the kernel whether a block device is held: mounts, swap, dm, md, loop and other exclusive openers.
/// A plain open() is not seen this way.
enum ExclusiveOpen {
  static func usage(of device: String, _ namespace: String) throws(DeviceError) -> [Usage] {
    let path = "/dev/\(device)"
    let descriptor = DeviceFile.open(device, .block, O_RDWR | O_EXCL)
    guard descriptor < 0 else {
      close(descriptor)
      return []
    }
    let errno = -descriptor
    switch errno {
    case EBUSY:
      return [
        Usage(
          kind: .held, namespace: namespace, path: RawText(path), effect: .refused,
          advice: "unmount it, or stop what holds it: lsblk \(path)")
      ]
    case EACCES, EPERM:
      throw DeviceError(
        .permission, "cannot determine who uses \(path): \(NdctlContext.text(errno))",
        details: ["only root may change namespaces"], errno: errno)
    case ENOENT, ENXIO, ENODEV:
      return []
    default:
      throw DeviceError(
        .failed, "cannot determine who uses \(path): \(NdctlContext.text(errno))", errno: errno)
    }
  }
}
