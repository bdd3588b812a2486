import Glibc

/// The kernel's log during an operation: the reasons that its error numbers do not include.
///
/// Reads /dev/kmsg (Documentation/ABI/testing/dev-kmsg); without permission the log is empty.
@safe
struct KernelLog: ~Copyable {
  private let descriptor: Int32

  /// Begins at the end of what is logged so far.
  init() {
    descriptor = unsafe open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    if descriptor >= 0 { lseek(descriptor, 0, SEEK_END) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Longest record of the kernel's (CONSOLE_EXT_LOG_MAX).
  private static let longest = 8192
  /// Enough to explain, few enough to read.
  private static let most = 8

  /// The messages since then that speak of a device or its parents, each once.
  ///
  /// - Parameter target: Kernel name of a namespace, a region or a DIMM.
  /// - Returns: The texts, oldest first.
  func lines(about target: String) -> [String] {
    guard descriptor >= 0 else { return [] }
    let names = Self.names(target)
    var lines: [String] = []
    var buffer = [UInt8](repeating: 0, count: Self.longest)
    while lines.count < Self.most {
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
      // EPIPE: records were lost, the next read continues behind them.
      if count < 0, errno == EPIPE { continue }
      guard count > 0 else { break }
      guard let text = Self.message(buffer[..<count]), !lines.contains(text),
        !text.hasSuffix(Self.usual), names.contains(where: text.contains)
      else { continue }
      lines.append(text)
    }
    return lines
  }

  /// pmem.c:pmem_attach_disk logs it for every device without flush hints; it is never the reason of a failure.
  private static let usual = "unable to guarantee persistence of writes"

  /// The message of a record: behind the first semicolon, up to the end of its line.
  static func message(_ record: ArraySlice<UInt8>) -> String? {
    guard let semicolon = record.firstIndex(of: UInt8(ascii: ";")) else { return nil }
    let text = record[(semicolon + 1)...].prefix { $0 != UInt8(ascii: "\n") }
    return String(decoding: text, as: UTF8.self)
  }

  /// How messages call a device, its claims and what it is on.
  private static func names(_ target: String) -> [String] {
    let number = target.drop { !$0.isNumber }.prefix { $0.isNumber }
    if target.hasPrefix("namespace") {
      return [
        "\(target):", "\(target) ", "pfn\(number).", "dax\(number).", "btt\(number).", "region\(number):",
      ]
    }
    if target.hasPrefix("region") { return ["\(target):", "namespace\(number).", "nmem"] }
    // mm/memory_hotplug.c, mm/page_isolation.c: why memory stays online.
    if target.hasPrefix("dax") { return ["\(target):", "memory offlining", "page dumped because"] }
    return ["\(target):"]
  }
}
