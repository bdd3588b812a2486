import PmemDevice
import SystemPackage

/// A file that a person names as input; `-` is standard input.
enum InputFile {
  /// More than any description of a machine; more than this is not read into memory.
  private static let limit = 64 << 20

  static func read(_ name: String) throws(DeviceError) -> [UInt8] {
    do {
      guard name != "-" else { return try read(.standardInput, name) }
      let descriptor = try FileDescriptor.open(FilePath(name), .readOnly, options: [.closeOnExec])
      return try descriptor.closeAfter { try read(descriptor, name) }
    } catch let error as DeviceError {
      throw error
    } catch {
      let reason = error as? Errno
      throw DeviceError(
        reason == .noSuchFileOrDirectory ? .notFound : reason == .permissionDenied ? .permission : .failed,
        "cannot read \(name): \(reason?.description ?? "\(error)")", errno: reason?.rawValue)
    }
  }

  private static func read(_ descriptor: FileDescriptor, _ name: String) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = try chunk.withUnsafeMutableBytes { try descriptor.read(into: $0) }
      guard count > 0 else { return bytes }
      bytes += chunk[..<count]
      guard bytes.count <= limit else {
        throw DeviceError(.corrupt, "\(name) is too large: more than \(ByteCount(UInt64(limit)))")
      }
    }
  }
}
