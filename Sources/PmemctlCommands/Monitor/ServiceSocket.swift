import Glibc

/// The sockets of systemd that a service writes datagrams to: the journal's (systemd.io/JOURNAL_NATIVE_PROTOCOL) and that of
/// sd_notify(3).
struct ServiceSocket {
  private let path: String

  static let journal = ServiceSocket("/run/systemd/journal/socket")

  /// - Parameter path: As `NOTIFY_SOCKET` has it: with a leading `@` it is an abstract one.
  init(_ path: String) { self.path = path }

  /// - Returns: 0, or an error number.
  func send(_ bytes: [UInt8]) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var name = Array(path.utf8)
    guard !name.isEmpty, name.count < MemoryLayout.size(ofValue: address.sun_path) else {
      return ENAMETOOLONG
    }
    if name[0] == UInt8(ascii: "@") { name[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
    // A path ends with a zero, an abstract name with the address.
    let start = MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: address.sun_path)
    let length = start + name.count + (name[0] == 0 ? 0 : 1)
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return errno }
    defer { close(descriptor) }
    let sent = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, socklen_t(length))
      }
    }
    return sent == bytes.count ? 0 : errno
  }

  /// An entry of the journal: a value with a line break has its length before it.
  static func entry(_ fields: [(name: String, value: String)]) -> [UInt8] {
    fields.flatMap { name, value -> [UInt8] in
      let bytes = Array(value.utf8)
      guard bytes.contains(UInt8(ascii: "\n")) else { return Array("\(name)=".utf8) + bytes + [0x0a] }
      let length = withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { Array($0) }
      return Array("\(name)\n".utf8) + length + bytes + [0x0a]
    }
  }
}
