import Glibc
import PmemDevice
import SystemPackage

/// A file of a simulated machine, with errors that name it.
struct ImageFile: ~Copyable {
  private let descriptor: FileDescriptor
  private let path: FilePath

  /// Opens a file of a machine's directory; see ``MachineFile``.
  init(_ path: FilePath, writable: Bool) throws(DeviceError) {
    self.path = path
    descriptor = try MachineFile.open(path, writable ? .readWrite : .readOnly)
  }

  /// Opens a file that a person named, for reading: links are followed.
  init(named path: FilePath) throws(DeviceError) {
    self.path = path
    descriptor = try Self.doing("open", path) {
      try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
    }
  }

  /// Makes a sparse file of `size` bytes; it must not exist.
  init(creating path: FilePath, size: UInt64) throws(DeviceError) {
    let opened = try Self.doing("create", path) {
      try FileDescriptor.open(
        path, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead])
    }
    do throws(DeviceError) {
      try Self.doing("make room in", path) { try opened.resize(to: Int64(size)) }
    } catch {
      try? opened.close()
      throw error
    }
    self.path = path
    descriptor = opened
  }

  deinit { try? descriptor.close() }

  /// Reads exactly `count` bytes; a file that ends before has been cut.
  func read(at offset: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
    if isHole(at: offset, count: count) { return [UInt8](repeating: 0, count: count) }
    let descriptor = descriptor
    let bytes: [UInt8] = try Self.doing("read", path) {
      var filled = 0
      return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        while filled < count {
          let part = UnsafeMutableRawBufferPointer(buffer)[filled...]
          let got = try descriptor.read(
            fromAbsoluteOffset: Int64(offset) + Int64(filled),
            into: UnsafeMutableRawBufferPointer(rebasing: part))
          guard got > 0 else { break }
          filled += got
        }
        initialized = filled
      }
    }
    guard bytes.count == count else {
      throw DeviceError(.corrupt, "\(path) is shorter than in the machine's description")
    }
    return bytes
  }

  /// Whether nothing was ever written there. Reading it would fill the page cache with zeros.
  private func isHole(at offset: UInt64, count: Int) -> Bool {
    let (end, overflow) = offset.addingReportingOverflow(UInt64(count))
    guard !overflow, let start = off_t(exactly: offset) else { return false }
    let data = lseek(descriptor.rawValue, start, Self.seekData)
    guard data < 0 else { return UInt64(data) >= end }
    // No data behind it, in a file that is long enough: one that was cut is no hole.
    guard errno == ENXIO, let size = try? size else { return false }
    return end <= size
  }

  func write(_ bytes: [UInt8], at offset: UInt64) throws(DeviceError) {
    let descriptor = descriptor
    try Self.doing("write", path) { _ = try descriptor.writeAll(toAbsoluteOffset: Int64(offset), bytes) }
  }

  var size: UInt64 {
    get throws(DeviceError) {
      let descriptor = descriptor
      return try Self.doing("read", path) { UInt64(try descriptor.seek(offset: 0, from: .end)) }
    }
  }

  // lseek(2): SEEK_DATA and SEEK_HOLE, which Glibc's module leaves out.
  private static let seekData: Int32 = 3
  private static let seekHole: Int32 = 4

  /// Writes all data outside holes to the same offsets of another file, which is at least as long.
  func copyData(to copy: borrowing ImageFile) throws(DeviceError) {
    let whole = try size
    let chunk: UInt64 = 1 << 20
    var position: UInt64 = 0
    // ENXIO: no data behind it.
    while case let data = lseek(descriptor.rawValue, off_t(position), Self.seekData), data >= 0 {
      let end = lseek(descriptor.rawValue, data, Self.seekHole)
      guard end >= 0 else { throw Self.failure("read", path, Errno(rawValue: errno)) }
      position = UInt64(data)
      while position < UInt64(end) {
        let length = min(chunk, UInt64(end) - position)
        try copy.write(try read(at: position, count: Int(length)), at: position)
        position += length
      }
      if position >= whole { break }
    }
    try copy.synchronize()
  }

  /// Makes all of it one hole.
  func clear() throws(DeviceError) {
    let size = try size
    guard ftruncate(descriptor.rawValue, 0) == 0, ftruncate(descriptor.rawValue, off_t(size)) == 0 else {
      throw Self.failure("write", path, Errno(rawValue: errno))
    }
  }

  /// Writes noise over all data outside holes before an offset. The noise depends on the offset alone, and is never
  /// zero.
  func scramble(upTo limit: UInt64) throws(DeviceError) {
    let chunk: UInt64 = 1 << 20
    var position: UInt64 = 0
    while case let data = lseek(descriptor.rawValue, off_t(position), Self.seekData), data >= 0 {
      let hole = lseek(descriptor.rawValue, data, Self.seekHole)
      guard hole >= 0 else { throw Self.failure("read", path, Errno(rawValue: errno)) }
      position = UInt64(data)
      let end = min(UInt64(hole), limit)
      while position < end {
        let length = min(chunk, end - position)
        // A step of Knuth's linear congruential generator (MMIX) a byte.
        var noise = position &+ 1
        let bytes = (0..<length).map { _ -> UInt8 in
          noise = noise &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          return UInt8(truncatingIfNeeded: noise >> 56) | 1
        }
        try write(bytes, at: position)
        position += length
      }
      if UInt64(hole) >= limit { break }
    }
  }

  /// Forces what was written to the disk, so that the order of writes is kept across a power cut.
  func synchronize() throws(DeviceError) {
    guard fdatasync(descriptor.rawValue) == 0 else {
      throw Self.failure("write", path, Errno(rawValue: errno))
    }
  }

  static func doing<Result>(
    _ verb: String, _ path: FilePath, _ body: () throws -> Result
  ) throws(DeviceError) -> Result {
    do { return try body() } catch let error as Errno { throw failure(verb, path, error) } catch {
      throw DeviceError(.failed, "cannot \(verb) \(path)")
    }
  }

  static func failure(_ verb: String, _ path: FilePath, _ error: Errno) -> DeviceError {
    let code: DeviceError.Code =
      switch error {
      case .permissionDenied, .notPermitted, .readOnlyFileSystem: .permission
      case .noSuchFileOrDirectory: .notFound
      default: .failed
      }
    return DeviceError(code, "cannot \(verb) \(path): \(error.description)", errno: error.rawValue)
  }
}
