import Glibc

/// Why a way of looking into the kernel cannot be had here.
struct Unavailable: Error {
  /// In words, as the end of a sentence.
  let reason: String

  init(_ reason: String) { self.reason = reason }

  static func refused(_ error: Int32) -> Unavailable {
    Unavailable("bpf(2) is refused: \(String(cString: strerror(error)))")
  }

  static let noTypes = Unavailable("the kernel does not describe its types (CONFIG_DEBUG_INFO_BTF)")
}
