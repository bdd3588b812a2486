import Glibc
import PmemDevice

/// The passphrases of one DIMM: files, and what the kernel has loaded of them. Encrypted keys of the format enc32, 32 bytes,
/// by a user key (linux: Documentation/security/keys/trusted-encrypted.rst).
struct DimmKeys {
  private let id: String
  private let directory: KeyDirectory
  private let keyring: Keyring

  private static let encrypted = "encrypted"
  private static let master = "nvdimm-master"

  /// - Parameters:
  ///   - id: Of the DIMM, as the kernel's `nfit/id` has it.
  ///   - directory: The directory of key files.
  /// - Throws: If there is no keyring to be used.
  init(_ id: String, directory: KeyDirectory = KeyDirectory()) throws(DeviceError) {
    self.id = id
    self.directory = directory
    keyring = try Keyring()
  }

  private var currentName: String { "nvdimm:\(id)" }
  private var pendingName: String { "nvdimm-pending:\(id)" }

  /// Which there are.
  func material() throws(DeviceError) -> KeyMaterial {
    let isLoaded = try keyring.find(Self.encrypted, currentName) != nil
    let isMasterLoaded = try keyring.find("user", Self.master) != nil
    return KeyMaterial(
      hasCurrent: try isLoaded ? true : directory.findCurrent(id) != nil,
      hasPending: KeyDirectory.exists(directory.pending(id)),
      hasMaster: isMasterLoaded || KeyDirectory.exists(directory.master), directory: directory.path)
  }

  // MARK: Master key

  func createMaster() throws(DeviceError) {
    guard !KeyDirectory.exists(directory.master), try keyring.find("user", Self.master) == nil else { return }
    var random = SystemRandomNumberGenerator()
    let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
    try directory.write(bytes, to: directory.master)
    _ = try keyring.add("user", Self.master, bytes)
  }

  private func loadMaster() throws(DeviceError) {
    guard try keyring.find("user", Self.master) == nil else { return }
    _ = try keyring.add("user", Self.master, try directory.read(directory.master))
  }

  // MARK: Loading

  /// The master key, into the keyring.
  ///
  /// - Returns: nil if there is none.
  static func loadMaster(from directory: KeyDirectory) throws(DeviceError) -> LoadedKeys.Outcome? {
    let keys = try DimmKeys("", directory: directory)
    guard try keys.keyring.find("user", master) == nil else { return .present }
    guard KeyDirectory.exists(directory.master) else { return nil }
    do throws(DeviceError) { try keys.loadMaster() } catch { return .failed(error.summary) }
    return .loaded
  }

  /// The current passphrase, into the keyring.
  func loadCurrent() -> LoadedKeys.Outcome {
    do throws(DeviceError) {
      guard try keyring.find(Self.encrypted, currentName) == nil else { return .present }
      _ = try current()
    } catch { return .failed(error.summary) }
    return .loaded
  }

  // MARK: Passphrases

  /// A new random passphrase, stored as pending before this returns.
  func createPending() throws(DeviceError) {
    try loadMaster()
    try keyring.remove(Self.encrypted, pendingName)
    let key = try keyring.add(Self.encrypted, pendingName, Array("new enc32 user:\(Self.master) 32".utf8))
    try directory.write(try keyring.blob(of: key), to: directory.pending(id))
  }

  var hasPending: Bool { KeyDirectory.exists(directory.pending(id)) }

  /// The number of the pending key, loaded from its file.
  func pending() throws(DeviceError) -> Int { try load(directory.pending(id), as: pendingName) }

  /// The number of the current key: loaded from its file or, without a file, as the kernel has it.
  func current() throws(DeviceError) -> Int {
    if let file = try directory.findCurrent(id) { return try load(file, as: currentName) }
    if let key = try keyring.find(Self.encrypted, currentName) { return key }
    throw DeviceError(
      .failed, "the passphrase of \(id) is not in \(directory.path)", errno: ENOKEY)
  }

  /// The keyring may have another passphrase than the file: the file counts.
  private func load(_ file: String, as name: String) throws(DeviceError) -> Int {
    try loadMaster()
    let blob = try directory.read(file)
    try keyring.remove(Self.encrypted, name)
    return try keyring.add(Self.encrypted, name, Array("load ".utf8) + blob)
  }

  /// Loads the pending passphrase as the kernel's current one, the file untouched.
  func presentPending() throws(DeviceError) { _ = try load(directory.pending(id), as: currentName) }

  /// The pending passphrase becomes the current one, the only one.
  func commit() throws(DeviceError) {
    let others = try directory.allCurrent(id).filter { $0 != directory.current(id) }
    try directory.move(directory.pending(id), to: directory.current(id))
    try directory.remove(others)
    _ = try load(directory.current(id), as: currentName)
    try keyring.remove(Self.encrypted, pendingName)
  }

  func discardPending() throws(DeviceError) {
    try directory.remove([directory.pending(id)])
    try keyring.remove(Self.encrypted, pendingName)
  }

  func discardAll() throws(DeviceError) {
    try discardPending()
    try directory.remove(try directory.allCurrent(id))
    try keyring.remove(Self.encrypted, currentName)
  }
}
