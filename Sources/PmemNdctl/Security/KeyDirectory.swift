import Glibc
import PmemDevice

/// The directory of key material, as ndctl has it: `nvdimm_ID_HOST.blob` is the passphrase of a DIMM, encrypted;
/// `nvdimm-master.blob` the key that it is encrypted by. A pending passphrase has a name that `ndctl load-keys` passes over.
struct KeyDirectory {
  static let standard = "/etc/ndctl/keys"
  let path: String

  init(_ path: String = KeyDirectory.standard) { self.path = path }

  var master: String { path + "/nvdimm-master.blob" }

  /// The name that ndctl looks for on this host.
  func current(_ id: String) -> String { "\(path)/nvdimm_\(id)_\(Self.host).blob" }

  func pending(_ id: String) -> String { "\(path)/pmemctl-pending_\(id).blob" }

  /// The passphrase of a DIMM: of this host's name or, if the host was renamed, of any.
  func findCurrent(_ id: String) throws(DeviceError) -> String? {
    let own = current(id)
    if Self.exists(own) { return own }
    return try names().first { Self.isCurrent($0, id) }.map { "\(path)/\($0)" }
  }

  /// Every file that is, or was, the current passphrase of a DIMM.
  func allCurrent(_ id: String) throws(DeviceError) -> [String] {
    try names().filter { Self.isCurrent($0, id) }.map { "\(path)/\($0)" }
  }

  /// The ids of DIMMs whose passphrase is here, in order.
  func ids() throws(DeviceError) -> [String] {
    let found = try names().compactMap { name -> String? in
      let parts = name.split(separator: "_", omittingEmptySubsequences: false)
      guard parts.count >= 3, parts[0] == "nvdimm", name.hasSuffix(".blob") else { return nil }
      return String(parts[1])
    }
    return Set(found).sorted()
  }

  static func exists(_ file: String) -> Bool { unsafe access(file, F_OK) == 0 }

  /// Whether this process may look into it.
  var isReadable: Bool { unsafe access(path, R_OK | X_OK) == 0 || errno == ENOENT }

  private static func isCurrent(_ name: String, _ id: String) -> Bool {
    name.hasPrefix("nvdimm_\(id)_") && name.hasSuffix(".blob")
  }

  private static var host: String {
    var names = utsname()
    _ = unsafe uname(&names)
    return unsafe withUnsafeBytes(of: names.nodename) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  private func names() throws(DeviceError) -> [String] {
    guard let stream = unsafe opendir(path) else {
      guard errno == ENOENT else { throw Self.failure("read", path, errno) }
      return []
    }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      names.append(
        unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
          unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        })
    }
    return names.sorted()
  }

  // MARK: Files

  /// A blob has some hundred bytes.
  private static let most = 4096

  func read(_ file: String) throws(DeviceError) -> [UInt8] {
    let descriptor = unsafe open(file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure("read", file, errno) }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: Self.most)
    let count = unsafe bytes.withUnsafeMutableBytes {
      unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
    }
    guard count > 0 else { throw Self.failure("read", file, count == 0 ? ENODATA : errno) }
    return Array(bytes.prefix(count))
  }

  /// Writes a file whole, which only its owner may read: after a crash there is the old one or the new one.
  func write(_ bytes: [UInt8], to file: String) throws(DeviceError) {
    for directory in ["/etc/ndctl", path] {
      guard unsafe mkdir(directory, 0o700) == 0 || errno == EEXIST else {
        throw Self.failure("make the directory", directory, errno)
      }
    }
    let fresh = "\(path)/pmemctl-new"
    unsafe unlink(fresh)
    let descriptor = unsafe open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.failure("write", fresh, errno) }
    let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
    let isWritten = count == bytes.count && fsync(descriptor) == 0
    let reason = count >= 0 && count < bytes.count ? ENOSPC : errno
    close(descriptor)
    guard isWritten else {
      unsafe unlink(fresh)
      throw Self.failure("write", file, reason)
    }
    try move(fresh, to: file)
  }

  func move(_ file: String, to name: String) throws(DeviceError) {
    guard unsafe rename(file, name) == 0 else { throw Self.failure("rename", file, errno) }
    try synchronize()
  }

  func remove(_ files: [String]) throws(DeviceError) {
    for file in files {
      guard unsafe unlink(file) == 0 || errno == ENOENT else { throw Self.failure("remove", file, errno) }
    }
    try synchronize()
  }

  private func synchronize() throws(DeviceError) {
    let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    // Nothing was ever in it.
    if descriptor < 0, errno == ENOENT { return }
    guard descriptor >= 0 else { throw Self.failure("synchronize", path, errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw Self.failure("synchronize", path, errno) }
  }

  private static func failure(_ verb: String, _ file: String, _ error: Int32) -> DeviceError {
    DeviceError(
      DeviceError.Code(errno: error), "cannot \(verb) \(file): \(NdctlContext.text(error))", errno: error)
  }
}
