import CPmemShims
import Glibc
import PmemDevice

/// The keyring of this user, in which the kernel looks for the keys of DIMMs
/// (drivers/nvdimm/security.c:nvdimm_request_key).
struct Keyring {
  /// Makes it searchable for this process and for what the kernel does in its name.
  init() throws(DeviceError) {
    let status = CPmem_join_keyring()
    guard status >= 0 else { throw Self.failure("use the user's keyring", status) }
  }

  /// A key's number; nil if there is none.
  func find(_ type: String, _ name: String) throws(DeviceError) -> Int? {
    let key = unsafe CPmem_find_key(type, name)
    if key >= 0 { return Int(key) }
    guard [-Int64(ENOKEY), -Int64(EKEYEXPIRED), -Int64(EKEYREVOKED)].contains(key) else {
      throw Self.failure("search for the key \(name)", key)
    }
    return nil
  }

  /// Adds a key; one of that name must not be there.
  func add(_ type: String, _ name: String, _ payload: [UInt8]) throws(DeviceError) -> Int {
    let key = unsafe payload.withUnsafeBytes { bytes -> Int64 in
      guard let base = bytes.baseAddress else { return -Int64(EINVAL) }
      return unsafe CPmem_add_key(type, name, base, UInt64(bytes.count))
    }
    guard key >= 0 else { throw Self.failure("add the key \(name)", key) }
    return Int(key)
  }

  /// The text that an encrypted key is loaded from.
  func blob(of key: Int) throws(DeviceError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = unsafe bytes.withUnsafeMutableBytes { buffer -> Int64 in
      guard let base = buffer.baseAddress else { return -Int64(EINVAL) }
      return unsafe CPmem_read_key(Int64(key), base, UInt64(buffer.count))
    }
    guard count >= 0 else { throw Self.failure("read key \(key)", count) }
    guard count > 0, count <= bytes.count else {
      throw DeviceError(.failed, "cannot read key \(key): it has \(count) bytes", errno: EINVAL)
    }
    return Array(bytes.prefix(Int(count)))
  }

  /// Removes a key of that name, if there is one.
  func remove(_ type: String, _ name: String) throws(DeviceError) {
    guard let key = try find(type, name) else { return }
    let status = CPmem_unlink_key(Int64(key))
    guard status >= 0 || status == -Int64(ENOENT) else {
      throw Self.failure("remove the key \(name)", status)
    }
  }

  private static func failure(_ what: String, _ status: Int64) -> DeviceError {
    let error = Int32(clamping: -status)
    return DeviceError(
      DeviceError.Code(errno: error), "cannot \(what): \(NdctlContext.text(error))", errno: error)
  }
}
