import PmemDevice
import PmemOutput
import SystemPackage

/// A file that a person names for bytes; `-` is standard output.
enum OutputFile {
  /// Writes all of it, or leaves nothing. A file that exists is not overwritten: it may be the only copy of something.
  static func write(_ bytes: [UInt8], to name: String, in context: CommandContext) throws {
    guard name != "-" else { return try context.out.write(bytes: bytes) }
    do throws(Errno) { try AtomicFile.write(bytes, to: FilePath(name), existing: .keep) } catch {
      throw DeviceError(
        error == .permissionDenied ? .permission : .failed, "cannot write \(name): \(error.description)",
        details: error == .fileExists ? ["name a file that does not exist: this one is kept"] : [],
        errno: error.rawValue)
    }
  }
}
