import Glibc
import PmemDevice
import PmemOutput
import SystemPackage

/// A file that a person names for bytes; `-` is standard output.
enum OutputFile {
  /// Writes all of it, or leaves nothing. A file that exists is not overwritten: it may be the only copy of something.
  static func write(_ bytes: [UInt8], to name: String, in context: CommandContext) throws {
    guard name != "-" else { return try context.out.write(bytes: bytes) }
    let path = FilePath(name)
    do {
      let descriptor = try FileDescriptor.open(
        path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
      do {
        try descriptor.closeAfter {
          try descriptor.writeAll(bytes)
          guard fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
        }
      } catch {
        unlink(path.string)
        throw error
      }
    } catch {
      let reason = error as? Errno
      throw DeviceError(
        reason == .permissionDenied ? .permission : .failed,
        "cannot write \(name): \(reason?.description ?? "\(error)")",
        details: reason == .fileExists ? ["name a file that does not exist: this one is kept"] : [],
        errno: reason?.rawValue)
    }
  }
}
