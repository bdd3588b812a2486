import CPmemBPF
import Glibc

/// Reads the kernel's own memory, by copying: it takes no reference and changes nothing.
final class KernelMemory {
  private let reader: OpaquePointer

  init() throws(Unavailable) {
    #if !arch(x86_64)
      throw Unavailable("it is only supported on x86-64")
    #endif
    var error: Int32 = 0
    guard let opened = CPmem_reader_open(&error) else { throw .refused(error) }
    reader = opened
  }

  deinit { CPmem_reader_close(reader) }

  /// The most that ``read(_:_:_:)`` copies at once, bytes.
  static var chunk: Int { Int(CPmem_reader_chunk) }
  /// Of ``gather(_:stride:count:_:)``: bytes of each element, and the most elements.
  static var element: Int { Int(CPmem_reader_element) }
  static var elements: Int { Int(CPmem_reader_elements) }

  /// Copies a range and shows it to `body`.
  ///
  /// - Returns: The result of the body; nil if a part of the range is not mapped.
  func read<Result>(_ address: UInt64, _ size: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
    guard size <= Self.chunk, CPmem_reader_read(reader, address, UInt32(size)) == 0 else { return nil }
    return body(UnsafeRawBufferPointer(start: CPmem_reader_data(reader), count: size))
  }

  /// Copies the beginnings of `count` structures that are `stride` bytes apart, back to back.
  func gather<Result>(
    _ address: UInt64, stride: UInt64, count: Int, _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result? {
    guard count <= Self.elements, CPmem_reader_gather(reader, address, stride, UInt32(count)) == 0 else {
      return nil
    }
    return body(UnsafeRawBufferPointer(start: CPmem_reader_data(reader), count: count * Self.element))
  }

  /// A word; nil if it is not mapped.
  func word(_ address: UInt64) -> UInt64? { read(address, 8) { $0.loadUnaligned(as: UInt64.self) } }

  func half(_ address: UInt64) -> UInt32? { read(address, 4) { $0.loadUnaligned(as: UInt32.self) } }

  /// The address of a kernel variable.
  ///
  /// - Parameter name: Its symbol.
  /// - Returns: nil if this kernel has none, or hides its addresses.
  func address(of name: String) -> UInt64? {
    var address: UInt64 = 0
    guard CPmem_reader_symbol(reader, name, &address) == 0, address != 0 else { return nil }
    return address
  }

  /// The value of a variable of the kernel's that is a word.
  ///
  /// - Parameters:
  ///   - name: Its symbol.
  ///   - constant: Its value in kernels that have no such variable.
  /// - Returns: Its value.
  /// - Throws: Why it is not known.
  func variable(_ name: String, else constant: UInt64? = nil) throws(Unavailable) -> UInt64 {
    var address: UInt64 = 0
    let error = CPmem_reader_symbol(reader, name, &address)
    if error == ENOENT, let constant { return constant }
    guard error == 0, address != 0 else {
      throw Unavailable(
        error == EPERM
          ? "the kernel hides its addresses (kernel.kptr_restrict)" : "this kernel has no \(name)")
    }
    guard let value = word(address) else { throw Unavailable("the kernel's memory cannot be read") }
    return value
  }
}
