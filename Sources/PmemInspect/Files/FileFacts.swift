import CPmemShims
import Glibc
import SystemPackage

/// The answer of stat(2) about a file.
struct FileFacts: Hashable {
  var device: UInt64
  var inode: UInt64
  /// For a device node: its device.
  var specialDevice: UInt64
  var mode: UInt32

  var isCharacterDevice: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFCHR) }
  var isBlockDevice: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFBLK) }
  var isRegular: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFREG) }

  /// Asks this host, for a name in an open directory.
  init?(_ path: String, in directory: Int32 = AT_FDCWD) {
    var file = CPmem_file()
    guard CPmem_stat(directory, path, &file) == 0 else { return nil }
    self.init(
      device: file.device, inode: file.inode, specialDevice: file.special_device, mode: file.mode)
  }

  init(device: UInt64, inode: UInt64, specialDevice: UInt64, mode: UInt32) {
    self.device = device
    self.inode = inode
    self.specialDevice = specialDevice
    self.mode = mode
  }
}

/// Resolves names to files.
protocol FileFactSource: Sendable {
  /// nil if there is no such file, or permission is missing.
  func facts(_ path: String) -> FileFacts?
}

/// Asks this host.
struct HostFiles: FileFactSource {
  func facts(_ path: String) -> FileFacts? { FileFacts(path) }
}

/// Answers from a recording: lines of `PATH\tDEVICE INODE SPECIAL MODE` in decimal numbers. Links are followed as they
/// were on the recorded host.
struct RecordedFiles: FileFactSource {
  private var known: [String: [UInt64]] = [:]
  private let root: FilePath

  /// - Parameters:
  ///   - text: The recording.
  ///   - root: The root of the recorded tree: files under it are known by their names without that.
  init(_ text: String, root: FilePath) {
    self.root = root
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: "\t", maxSplits: 1)
      guard fields.count == 2 else { continue }
      known[String(fields[0])] = fields[1].split(separator: " ").compactMap { UInt64($0) }
    }
  }

  func facts(_ path: String) -> FileFacts? {
    let name = path.hasPrefix(root.string) ? String(path.dropFirst(root.string.count)) : path
    guard let numbers = known[name], numbers.count == 4 else { return nil }
    return FileFacts(
      device: numbers[0], inode: numbers[1], specialDevice: numbers[2],
      mode: UInt32(truncatingIfNeeded: numbers[3]))
  }
}
