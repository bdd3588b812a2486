import Glibc
import SystemPackage

/// Writes small files whole: after a crash there is the old file or the new one, never a part.
///
/// The bytes go to a temporary name in the same directory (`O_EXCL|O_NOFOLLOW`: a link planted there is not followed),
/// are synchronized, and take the name by rename(2) or link(2); then the directory is synchronized.
enum AtomicFile {
  /// The treatment of an existing file of the name.
  enum Existing {
    case replace
    /// Fails with `EEXIST`.
    case keep
  }

  /// The end of temporary names, behind the process id.
  static let temporarySuffix = ".new"

  /// - Parameters:
  ///   - bytes: All that will be in the file, which only its owner may read.
  ///   - path: Its name.
  ///   - existing: The treatment of an existing file of that name.
  /// - Throws: The system's error. A new file is not left behind; of a replaced one either version is left, whole.
  static func write(
    _ bytes: some Sequence<UInt8>, to path: FilePath, existing: Existing
  ) throws(Errno) {
    let fresh = FilePath("\(path).\(getpid())\(temporarySuffix)")
    var own: ino_t?
    do {
      unlink(fresh.string)
      let descriptor = try FileDescriptor.open(
        fresh, .writeOnly, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
        permissions: .ownerReadWrite)
      try descriptor.closeAfter {
        try descriptor.writeAll(bytes)
        guard fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
        var status = stat()
        guard fstat(descriptor.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
        own = status.st_ino
      }
      try name(fresh, path, existing)
      try synchronize(directoryOf: path)
    } catch {
      unlink(fresh.string)
      let reason = error as? Errno ?? .ioError
      // A failed call may have had its effect.
      guard existing == .keep, let own, inode(path) == own, unlink(path.string) != 0 else { throw reason }
      // The file exists, whole, and cannot be removed: it only has to stay.
      do throws(Errno) { try synchronize(directoryOf: path) } catch { throw reason }
    }
  }

  private static func inode(_ path: FilePath) -> ino_t? {
    var status = stat()
    return lstat(path.string, &status) == 0 ? status.st_ino : nil
  }

  private static func name(_ fresh: FilePath, _ path: FilePath, _ existing: Existing) throws(Errno) {
    switch existing {
    case .replace:
      guard rename(fresh.string, path.string) == 0 else { throw Errno(rawValue: errno) }
    case .keep:
      guard link(fresh.string, path.string) != 0 else {
        unlink(fresh.string)
        return
      }
      // vfat and others have no links.
      guard [EPERM, ENOTSUP, EMLINK].contains(errno), access(path.string, F_OK) != 0 else {
        throw Errno(rawValue: errno == 0 ? EEXIST : errno)
      }
      guard rename(fresh.string, path.string) == 0 else { throw Errno(rawValue: errno) }
    }
  }

  /// Removes a file for good.
  ///
  /// - Throws: The system's error; the file may still exist.
  static func remove(_ path: FilePath) throws(Errno) {
    guard unlink(path.string) == 0 else {
      guard errno == ENOENT else { throw Errno(rawValue: errno) }
      return
    }
    try synchronize(directoryOf: path)
  }

  private static func synchronize(directoryOf path: FilePath) throws(Errno) {
    let directory = path.removingLastComponent()
    do {
      let descriptor = try FileDescriptor.open(
        directory.isEmpty ? "." : directory, .readOnly, options: [.directory, .closeOnExec])
      try descriptor.closeAfter {
        guard fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
      }
    } catch {
      throw error as? Errno ?? .ioError
    }
  }
}
