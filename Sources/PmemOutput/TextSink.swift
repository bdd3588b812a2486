import Glibc

/// Where text goes: standard output, standard error, or memory in a test.
public protocol TextSink: AnyObject {
  /// Writes all of `text`, or throws.
  func write(_ text: String) throws(OutputError)
}

/// Output that could not be written.
public struct OutputError: Error, Hashable, Sendable, CustomStringConvertible {
  public let errno: Int32

  public init(errno: Int32) { self.errno = errno }

  public var description: String { "cannot write the output: \(String(cString: strerror(errno)))" }
}

/// A file descriptor, written without a buffer so that no error is found too late.
public final class DescriptorSink: TextSink {
  private let descriptor: Int32

  public init(_ descriptor: Int32) { self.descriptor = descriptor }

  public func write(_ text: String) throws(OutputError) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        bytes = bytes.dropFirst(count)
      } else if errno != EINTR {
        throw OutputError(errno: errno)
      }
    }
  }
}

/// Text kept in memory.
public final class MemorySink: TextSink {
  public private(set) var text = ""

  public init() {}

  public func write(_ text: String) throws(OutputError) { self.text += text }
}
