import Glibc
import PmemDevice

/// The memory of a DAX device, mapped for each read at the device's alignment: no mapping can be left over.
final class MappedMemory: ByteSource {
  private let descriptor: Int32
  private let align: UInt64
  private let path: String
  let size: UInt64

  /// Borrows the descriptor: its owner closes it, after this is gone.
  init(_ descriptor: Int32, size: UInt64, align: UInt64, path: String) {
    self.descriptor = descriptor
    self.size = size
    self.align = max(align, 4096)
    self.path = path
  }

  func read(at offset: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
    try checkFits(count, at: offset)
    guard count > 0 else { return [] }
    let begin = offset / align * align
    let end = (offset + UInt64(count) + align - 1) / align * align
    let length = Int(end - begin)
    let mapped = unsafe mmap(nil, length, PROT_READ, MAP_SHARED, descriptor, off_t(begin))
    guard let base = unsafe mapped, unsafe base != MAP_FAILED else {
      throw DeviceError(
        DeviceError.Code(errno: errno), "cannot map \(path): \(NdctlContext.text(errno))", errno: errno)
    }
    defer { unsafe munmap(base, length) }
    return unsafe [UInt8](UnsafeRawBufferPointer(start: base + Int(offset - begin), count: count))
  }
}
