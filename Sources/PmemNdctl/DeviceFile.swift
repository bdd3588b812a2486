import CPmemShims
import Glibc

/// Opens devices by the kernel's number: the name under /dev may refer to another device.
enum DeviceFile {
  enum Kind {
    case block
    case dax
  }

  /// - Parameters:
  ///   - name: `pmem0`, `dax0.0`.
  ///   - kind: Which of them it is.
  ///   - flags: As for open(2).
  /// - Returns: A descriptor, which the caller closes, or a negative error number.
  static func open(_ name: String, _ kind: Kind, _ flags: Int32) -> Int32 {
    let directory = kind == .block ? "/sys/class/block/" : "/sys/bus/dax/devices/"
    guard let (major, minor) = number(directory + name + "/dev") else { return -ENODEV }
    return unsafe CPmem_open_device("/dev/" + name, kind == .block ? 1 : 0, major, minor, flags | O_CLOEXEC)
  }

  /// Reads `MAJOR:MINOR`.
  private static func number(_ path: String) -> (UInt32, UInt32)? {
    let words = attribute(path)?.split(separator: ":").compactMap { UInt32($0) } ?? []
    return words.count == 2 ? (words[0], words[1]) : nil
  }
}
