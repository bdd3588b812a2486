import Glibc
import PmemDevice
import SystemPackage

/// Files that the kernel makes up while they are read.
enum KernelFile {
  /// The whole file; nil with `errno` if it cannot be read.
  static func read(_ path: FilePath) -> [UInt8]? {
    var bytes: [UInt8] = []
    return read(path, into: &bytes) == 0 ? bytes : nil
  }

  /// Reads into a buffer that is used again and again.
  ///
  /// - Returns: 0 or an error number.
  static func read(_ path: FilePath, into bytes: inout [UInt8]) -> Int32 {
    bytes.removeAll(keepingCapacity: true)
    let descriptor = open(path.string, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return errno }
    defer { close(descriptor) }
    return withUnsafeTemporaryAllocation(byteCount: chunk, alignment: 16) { buffer in
      while true {
        let count = Glibc.read(descriptor, buffer.baseAddress, chunk)
        if count < 0 { return errno }
        if count == 0 { return 0 }
        bytes.append(contentsOf: buffer.prefix(count))
      }
    }
  }

  private static let chunk = 1 << 16

  /// Its first line, without the end of the line.
  static func line(_ path: FilePath) -> String? {
    guard let bytes = read(path) else { return nil }
    return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }

  /// Names in a directory, without `.` and `..`; empty if it cannot be read.
  static func names(_ path: FilePath) -> [String] {
    guard let stream = opendir(path.string) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// The target of a link, byte for byte; nil with `errno` if it cannot be read.
  static func link(_ path: FilePath) -> RawText? { link(path.string) }

  static func link(_ path: String) -> RawText? {
    var buffer = [UInt8](repeating: 0, count: 8192)
    let count = buffer.withUnsafeMutableBufferPointer { bytes -> Int in
      guard let base = bytes.baseAddress else { return -1 }
      return readlink(path, base, bytes.count)
    }
    return count < 0 ? nil : RawText(buffer.prefix(count))
  }
}
