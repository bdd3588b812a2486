import Glibc

/// The destination of text: standard output, standard error, or memory in a test.
public protocol TextSink: AnyObject {
  /// Writes all of `bytes`, or throws.
  func write(bytes: [UInt8]) throws(OutputError)
}

extension TextSink {
  /// Writes all of `text`, or throws.
  public func write(_ text: String) throws(OutputError) { try write(bytes: Array(text.utf8)) }
}

/// Output that could not be written.
public struct OutputError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The error of write(2): EPIPE, ENOSPC.
  public let errno: Int32

  public init(errno: Int32) { self.errno = errno }

  public var description: String { "cannot write the output: \(String(cString: strerror(errno)))" }
}

/// A file descriptor, written without a buffer so that no error is found too late.
public final class DescriptorSink: TextSink {
  private let descriptor: Int32

  public init(_ descriptor: Int32) { self.descriptor = descriptor }

  public func write(bytes: [UInt8]) throws(OutputError) {
    var bytes = bytes[...]
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
  /// All that was written.
  public private(set) var bytes: [UInt8] = []

  public init() {}

  public var text: String { String(decoding: bytes, as: UTF8.self) }

  public func write(bytes: [UInt8]) throws(OutputError) { self.bytes += bytes }
}
