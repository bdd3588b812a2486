import Glibc
import PmemDevice
import PmemSim
import SystemPackage

/// NVDIMM images whose labels are recovered without the machine that had them: on a simulated machine of copies, in a directory
/// beside them, of which only the label areas go back.
final class RecoveredImages {
  /// The directory of the machine.
  let machine: String
  let images: [SimImage]
  private let directory: String
  private var old: [[UInt8]] = []

  /// Behind the name of an image: the file that keeps its old label area.
  static let suffix = ".old-labels"

  /// - Parameter texts: As `sim import --image` takes them.
  /// - Throws: Why it could not be made; nothing is left behind then.
  init(_ texts: [String]) throws {
    let specs = try texts.map { text throws(DeviceError) in try SimImageSpec(parsing: text) }
    images = try specs.map { spec throws(DeviceError) in
      try SimImage(FilePath(spec.path), labelArea: spec.labelArea)
    }
    for image in images {
      guard image.labelArea > 0 else {
        throw DeviceError(
          .usage, "no label area was found in \(image.path): how large is it?",
          details: ["for example: --image \(image.path),labels=128KiB, as QEMU's label-size="])
      }
      guard access("\(image.path)\(Self.suffix)", F_OK) != 0 else {
        throw DeviceError(
          .failed, "\(image.path)\(Self.suffix) is there already: it keeps the label area of an earlier time",
          details: ["nothing was changed"])
      }
    }
    // The same filesystem can share their blocks.
    let parent = images.first.map { $0.path.removingLastComponent().string } ?? ""
    var template = Array("\(parent.isEmpty ? "." : parent)/.pmemctl-recover-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else {
      throw DeviceError(
        .failed, "cannot create a directory beside \(texts[0]): \(String(cString: strerror(errno)))",
        errno: errno)
    }
    directory = String(cString: made)
    machine = directory + "/machine"
    do {
      try SimMachine.importing(
        images, as: specs.map(\.dimm), to: FilePath(machine), profile: try KernelProfile(option: nil))
      old = try images.map { image throws(DeviceError) in try Self.area(of: image, in: image.path) }
    } catch {
      rmdir(directory)
      throw error
    }
  }

  deinit {
    try? SimMachine.destroy(FilePath(machine))
    rmdir(machine)
    rmdir(directory)
  }

  private static func area(of image: SimImage, in file: FilePath) throws(DeviceError) -> [UInt8] {
    try attempt("read", file) { () throws(Errno) -> [UInt8] in
      let descriptor = try open(file, .readOnly)
      defer { try? descriptor.close() }
      var bytes = [UInt8](repeating: 0, count: Int(image.labelArea))
      let count = pread(descriptor.rawValue, &bytes, bytes.count, off_t(image.size))
      guard count == bytes.count else { throw count < 0 ? Errno(rawValue: errno) : .ioError }
      return bytes
    }
  }

  private static func open(_ file: FilePath, _ mode: FileDescriptor.AccessMode) throws(Errno)
    -> FileDescriptor
  {
    do { return try FileDescriptor.open(file, mode, options: .closeOnExec) } catch {
      throw error as? Errno ?? .ioError
    }
  }

  private static func attempt<Result>(
    _ verb: String, _ file: FilePath, _ body: () throws(Errno) -> Result
  ) throws(DeviceError) -> Result {
    do throws(Errno) { return try body() } catch {
      throw DeviceError(
        DeviceError.Code(errno: error.rawValue), "cannot \(verb) \(file): \(error.description)",
        errno: error.rawValue)
    }
  }

  /// Writes the label areas that have changed to the images, each behind a file that keeps the old one.
  ///
  /// - Returns: The files that were written.
  /// - Throws: The error of the disk; old label areas are kept.
  func writeBack() throws(DeviceError) -> [String] {
    var written: [String] = []
    for (index, image) in images.enumerated() {
      let new = try Self.area(of: image, in: FilePath("\(machine)/nmem\(index).img"))
      guard new != old[index] else { continue }
      let kept = FilePath("\(image.path)\(Self.suffix)")
      try Self.attempt("write", kept) { () throws(Errno) in
        try AtomicFile.write(old[index], to: kept, existing: .keep)
      }
      try Self.attempt("write", image.path) { () throws(Errno) in
        let descriptor = try Self.open(image.path, .readWrite)
        defer { try? descriptor.close() }
        let count = pwrite(descriptor.rawValue, new, new.count, off_t(image.size))
        guard count == new.count else { throw count < 0 ? Errno(rawValue: errno) : .noSpace }
        guard fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
      }
      written.append(image.path.string)
    }
    return written
  }
}
