import CPmemShims
import Glibc
import PmemDevice
import SystemPackage

/// Tells files on persistent memory from others by the numbers that /proc gives; each file is looked up once.
struct FileClassifier {
  private let devices: DeviceTable
  private let processes: ProcessList
  private let files: any FileFactSource
  private var verdicts: [MappedFile: MappedTarget?] = [:]
  /// Read once, when the first file is seen that could be on one.
  private var overlays: [UInt64: MountTable.Overlay]?

  init(_ devices: DeviceTable, roots: HostRoots) {
    self.devices = devices
    processes = ProcessList(roots: roots)
    files = roots.files
  }

  /// The target of a mapped file.
  ///
  /// A file on a filesystem on persistent memory has its device's number. A device node can be on any filesystem: its
  /// device is in the file itself, whose link in map_files only the privileged can follow.
  ///
  /// - Parameters:
  ///   - file: Its numbers.
  ///   - link: Its link in map_files, followed if the numbers do not decide.
  ///   - path: Its name, for those who may not follow that link.
  /// - Returns: nil for anything but persistent memory.
  mutating func target(
    of file: MappedFile, link: () -> FilePath, path: () -> [UInt8]
  ) -> MappedTarget? {
    if let known = verdicts[file] { return known }
    if let device = devices.blocks[file.device] { return remember(file, .file(device)) }
    let link = link()
    var facts = files.facts(link.string)
    if facts == nil {
      facts = files.facts(String(decoding: path(), as: UTF8.self))
      guard facts?.device == file.device, facts?.inode == file.inode else { return nil }
    }
    // If it could not be looked up, because its process is exiting, the next process that maps it is used.
    guard let facts else { return nil }
    return remember(
      file, devices.target(ofNode: facts) ?? (facts.isRegular ? overlaid(file, link, path) : nil))
  }

  /// Whether a file has been asked about, and could be.
  func isKnown(_ file: MappedFile) -> Bool { verdicts[file] != nil }

  private mutating func remember(_ file: MappedFile, _ target: MappedTarget?) -> MappedTarget? {
    verdicts[file] = .some(target)
    return target
  }

  /// A file of an overlay has the overlay's device number since 6.8 (file_user_inode). It is that of the uppermost
  /// layer that has its name; if the name is gone, a DAX file is told from one of another layer.
  private mutating func overlaid(_ file: MappedFile, _ link: FilePath, _ path: () -> [UInt8]) -> MappedTarget?
  {
    let known = overlays ?? MountTable(processes).overlays(devices, processes)
    overlays = known
    guard let overlay = known[file.device] else { return nil }
    let name = KernelFile.link(link)?.bytes ?? path()
    if name.starts(with: overlay.mountPoint.bytes) {
      let inside = String(
        decoding: name.dropFirst(overlay.mountPoint.bytes.count).drop { $0 == UInt8(ascii: "/") },
        as: UTF8.self)
      for layer in overlay.layers {
        guard let facts = files.facts(layer.pushing(FilePath(inside)).string) else { continue }
        return devices.blocks[facts.device].map { .file($0) }
      }
    }
    let descriptor = open(link.string, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return CPmem_is_dax(descriptor) == 1 ? .file(overlay.device) : nil
  }
}
