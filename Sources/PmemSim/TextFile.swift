import Glibc
import PmemDevice
import SystemPackage

/// Small text files that are always whole.
enum TextFile {
  private static let limit = 64 << 20

  /// The whole file; nil where there is none.
  static func read(_ path: FilePath) throws(DeviceError) -> String? {
    do {
      return try ImageFile.doing("read", path) { () throws -> String in
        let descriptor = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
        return try descriptor.closeAfter {
          var bytes: [UInt8] = []
          var chunk = [UInt8](repeating: 0, count: 1 << 16)
          while true {
            let count = try chunk.withUnsafeMutableBytes { try descriptor.read(into: $0) }
            guard count > 0, bytes.count < limit else { break }
            bytes += chunk[..<count]
          }
          return String(decoding: bytes, as: UTF8.self)
        }
      }
    } catch {
      guard error.errno == ENOENT else { throw error }
      return nil
    }
  }

  /// Replaces the file: whoever looks sees the old text or the new, also after a crash.
  static func write(_ text: String, to path: FilePath) throws(DeviceError) {
    let fresh = FilePath(path.string + ".new")
    do {
      try ImageFile.doing("write", path) {
        let descriptor = try FileDescriptor.open(
          fresh, .writeOnly, options: [.create, .truncate, .closeOnExec],
          permissions: [.ownerReadWrite, .groupRead, .otherRead])
        try descriptor.closeAfter {
          try descriptor.writeAll(text.utf8)
          guard fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
        }
        guard rename(fresh.string, path.string) == 0 else { throw Errno(rawValue: errno) }
      }
    } catch {
      unlink(fresh.string)
      throw error
    }
    try synchronizeDirectory(path.removingLastComponent())
  }

  /// Begins to replace a file: `pending` is made with room for `bytes`, so that ``complete(_:_:as:)`` cannot
  /// fail for want of space; then the file is removed. Where there is no room, the file stays in force.
  static func reserve(_ pending: FilePath, replacing path: FilePath, bytes: Int) throws(DeviceError) {
    try ImageFile.doing("write", path) {
      let descriptor = try FileDescriptor.open(
        pending, .writeOnly, options: [.create, .truncate, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
      try descriptor.closeAfter {
        let status = posix_fallocate(descriptor.rawValue, 0, off_t(bytes))
        guard status != 0 else { return }
        unlink(pending.string)
        throw Errno(rawValue: status)
      }
      guard unlink(path.string) == 0 || errno == ENOENT else { throw Errno(rawValue: errno) }
    }
    try synchronizeDirectory(path.removingLastComponent())
  }

  /// Writes the text into the reserved room and puts the file in its place.
  static func complete(_ text: String, _ pending: FilePath, as path: FilePath) throws(DeviceError) {
    try ImageFile.doing("write", path) {
      let descriptor = try FileDescriptor.open(pending, .writeOnly, options: [.closeOnExec])
      try descriptor.closeAfter {
        try descriptor.writeAll(toAbsoluteOffset: 0, text.utf8)
        try descriptor.resize(to: Int64(text.utf8.count))
        guard fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
      }
      guard rename(pending.string, path.string) == 0 else { throw Errno(rawValue: errno) }
    }
    try synchronizeDirectory(path.removingLastComponent())
  }

  /// Makes renames and removals in a directory last.
  static func synchronizeDirectory(_ directory: FilePath) throws(DeviceError) {
    try ImageFile.doing("synchronize", directory) {
      let descriptor = try FileDescriptor.open(directory, .readOnly, options: [.directory, .closeOnExec])
      try descriptor.closeAfter {
        guard fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
      }
    }
  }
}
