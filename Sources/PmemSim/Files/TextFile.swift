import Glibc
import PmemDevice
import SystemPackage

/// Small text files that are always whole.
enum TextFile {
  /// Bytes that are read at most: more than this program writes for any machine.
  private static let limit = 16 << 20

  /// The whole file; nil if there is none.
  ///
  /// - Throws: `DeviceError.Code.corrupt` for a symbolic link, for anything else that is no regular file, for text
  ///   that is not UTF-8 and for more than 16 MiB.
  static func read(_ path: FilePath) throws(DeviceError) -> String? {
    let bytes: [UInt8]
    do {
      let descriptor = try MachineFile.open(path, .readOnly)
      bytes = try ImageFile.doing("read", path) { () throws -> [UInt8] in
        try descriptor.closeAfter {
          var bytes: [UInt8] = []
          var chunk = [UInt8](repeating: 0, count: 1 << 16)
          while bytes.count <= limit {
            let count = try chunk.withUnsafeMutableBytes { try descriptor.read(into: $0) }
            guard count > 0 else { break }
            bytes += chunk[..<count]
          }
          return bytes
        }
      }
    } catch {
      guard error.errno == ENOENT else { throw error }
      return nil
    }
    guard bytes.count <= limit else {
      throw DeviceError(.corrupt, "\(path), line 1: it is too large: more than \(ByteCount(UInt64(limit)))")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      let line = Self.line(ofInvalidUTF8: bytes)
      throw DeviceError(.corrupt, "\(path), line \(line): it is not UTF-8")
    }
    return text
  }

  /// The first line, counted from 1, that is not valid UTF-8.
  private static func line(ofInvalidUTF8 bytes: [UInt8]) -> Int {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0) + 1
  }

  /// Replaces the file: readers see the old text or the new, also after a crash.
  static func write(_ text: String, to path: FilePath) throws(DeviceError) {
    let fresh = FilePath(path.string + ".new")
    let descriptor = try MachineFile.create(fresh)
    do {
      try ImageFile.doing("write", path) {
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

  /// Begins to replace a file: `pending` is created with room for `bytes`, so that ``complete(_:_:as:)`` cannot fail
  /// for lack of space; then the file is removed. If there is no room, the file stays in force.
  static func reserve(_ pending: FilePath, replacing path: FilePath, bytes: Int) throws(DeviceError) {
    let descriptor = try MachineFile.create(pending)
    try ImageFile.doing("write", path) {
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

  /// Writes the text into the reserved room and renames the file into place.
  static func complete(_ text: String, _ pending: FilePath, as path: FilePath) throws(DeviceError) {
    let descriptor = try MachineFile.open(pending, .writeOnly)
    try ImageFile.doing("write", path) {
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
