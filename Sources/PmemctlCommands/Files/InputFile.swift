import PmemDevice
import SystemPackage

/// A file that a person names as input; `-` is standard input.
enum InputFile {
  /// More than this is not read into memory, of any file.
  static let limit = 64 << 20
  /// More than any description of a machine, and than any layout.
  static let descriptionLimit = 16 << 20

  /// - Parameters:
  ///   - name: As typed.
  ///   - most: Only so many bytes of its beginning; nil for all, which must not be more than `limit`.
  ///   - limit: Bytes.
  ///   - followingLinks: Whether the name may be a symbolic link; of the program's own files it may not.
  /// - Returns: The bytes.
  /// - Throws: ``DeviceError/Code/notFound`` and other errors of the system.
  static func read(
    _ name: String, atMost most: Int? = nil, limit: Int = limit, followingLinks: Bool = true
  ) throws(DeviceError) -> [UInt8] {
    do {
      guard name != "-" else { return try read(.standardInput, name, most, limit) }
      let descriptor = try FileDescriptor.open(
        FilePath(name), .readOnly, options: followingLinks ? [.closeOnExec] : [.closeOnExec, .noFollow])
      return try descriptor.closeAfter { try read(descriptor, name, most, limit) }
    } catch let error as DeviceError {
      throw error
    } catch {
      let reason = error as? Errno
      throw DeviceError(
        reason == .noSuchFileOrDirectory ? .notFound : reason == .permissionDenied ? .permission : .failed,
        "cannot read \(name): \(reason?.description ?? "\(error)")", errno: reason?.rawValue)
    }
  }

  private static func read(
    _ descriptor: FileDescriptor, _ name: String, _ most: Int?, _ limit: Int
  ) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = try chunk.withUnsafeMutableBytes { try descriptor.read(into: $0) }
      guard count > 0 else { return bytes }
      bytes += chunk[..<count]
      if let most, bytes.count >= most { return Array(bytes.prefix(most)) }
      guard bytes.count <= limit else {
        throw DeviceError(.corrupt, "\(name), line 1: it is too large: more than \(ByteCount(UInt64(limit)))")
      }
    }
  }
}
