import Glibc
import PmemDevice
import SystemPackage

/// Opens files of a simulated machine's directory. A directory from elsewhere is data: no symbolic link in it is
/// followed, and no FIFO or device is waited for.
enum MachineFile {
  /// Opens a regular file.
  ///
  /// - Throws: `DeviceError.Code.corrupt` for a symbolic link and anything else that is no regular file, and the
  ///   system's error.
  static func open(
    _ path: FilePath, _ mode: FileDescriptor.AccessMode
  ) throws(DeviceError) -> FileDescriptor {
    let descriptor: FileDescriptor
    do {
      // A FIFO that no process writes to would block.
      descriptor = try FileDescriptor.open(path, mode, options: [.noFollow, .closeOnExec, .nonBlocking])
    } catch {
      let reason = error as? Errno ?? .ioError
      throw isLink(path) ? foreign(path) : ImageFile.failure("open", path, reason)
    }
    var status = stat()
    guard fstat(descriptor.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      try? descriptor.close()
      throw foreign(path)
    }
    return descriptor
  }

  /// Creates an empty file for writing, replacing a regular one of that name: other hard links to the old one keep its
  /// content.
  ///
  /// - Throws: `DeviceError.Code.corrupt` for a symbolic link and anything else that is no regular file, and the
  ///   system's error.
  static func create(_ path: FilePath) throws(DeviceError) -> FileDescriptor {
    var status = stat()
    if lstat(path.string, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFREG else { throw foreign(path) }
      guard unlink(path.string) == 0 || errno == ENOENT else {
        throw ImageFile.failure("write", path, Errno(rawValue: errno))
      }
    }
    return try ImageFile.doing("write", path) {
      try FileDescriptor.open(
        path, .writeOnly, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
    }
  }

  private static func isLink(_ path: FilePath) -> Bool {
    var status = stat()
    return lstat(path.string, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  private static func foreign(_ path: FilePath) -> DeviceError {
    DeviceError(
      .corrupt,
      isLink(path)
        ? "\(path) is a symbolic link: links in a simulated machine's directory are not followed"
        : "\(path) is not a regular file", errno: ELOOP)
  }
}
