import Glibc
import PmemDevice

/// Files that the command line names.
enum ToolFile {
  static func read(_ path: String) throws(DeviceError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("open", path) }
    defer { close(descriptor) }
    return try read(descriptor, path)
  }

  static func readInput() throws(DeviceError) -> [UInt8] { try read(STDIN_FILENO, "standard input") }

  /// Larger files hold neither labels nor info blocks.
  private static let most = 16 << 20

  private static func read(_ descriptor: Int32, _ path: String) throws(DeviceError) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count < most {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      guard count >= 0 else {
        if errno == EINTR { continue }
        throw failure("read", path)
      }
      guard count > 0 else { break }
      bytes += buffer.prefix(count)
    }
    return bytes
  }

  static func size(_ path: String) throws(DeviceError) -> UInt64 {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("open", path) }
    defer { close(descriptor) }
    let end = lseek(descriptor, 0, SEEK_END)
    guard end >= 0 else { throw failure("seek in", path) }
    return UInt64(end)
  }

  /// Makes the file, or empties it.
  static func write(_ bytes: [UInt8], to path: String) throws(DeviceError) {
    try put(bytes, path, O_TRUNC, 0o666)
  }

  /// Writes over its beginning.
  static func write(_ bytes: [UInt8], over path: String) throws(DeviceError) {
    try put(bytes, path, 0, 0o644)
  }

  private static func put(
    _ bytes: [UInt8], _ path: String, _ flags: Int32, _ mode: mode_t
  ) throws(DeviceError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, mode)
    guard descriptor >= 0 else { throw failure("open", path) }
    defer { close(descriptor) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else {
        if errno == EINTR { continue }
        throw failure("write", path)
      }
      rest = rest.dropFirst(count)
    }
  }

  private static func failure(_ verb: String, _ path: String) -> DeviceError {
    DeviceError(.failed, "cannot \(verb) \(path): \(String(cString: strerror(errno)))", errno: errno)
  }
}
