import CPmemShims
import Glibc
import PmemDevice

/// A mapping of this process that is only read, and read in a way that survives missing pages.
struct MappedWindow {
  /// Address of the first byte.
  let start: UInt64
  /// The granularity of its mappings.
  let align: UInt64
  private let base: UnsafeMutableRawPointer
  private let length: Int
  private let offset: UInt64

  /// Maps a window around an offset, 2 MiB if there is as much, so that large pages can be seen.
  ///
  /// - Throws: The error of mmap.
  init(
    _ descriptor: Int32, at position: UInt64, size: UInt64, align daxAlign: UInt64?, path: String,
    isWritable: Bool = false
  ) throws(DeviceError) {
    align = daxAlign ?? 4096
    let unit = max(align, DAXVerifier.huge)
    let begin = position / unit * unit
    let whole = size / align * align
    let end = daxAlign == nil ? min((size + 4095) / 4096 * 4096, begin + unit) : min(whole, begin + unit)
    guard end > begin else { throw DAXVerifier.failure("map", path, EINVAL) }
    offset = begin
    length = Int(end - begin)
    base = try Self.map(
      descriptor, isWritable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, offset, length, path)
    start = UInt64(UInt(bitPattern: base))
  }

  /// Maps all of a DAX device, as a consumer does: for reading and writing, shared and synchronous.
  ///
  /// - Throws: The error of mmap.
  init(all device: DaxDevice, _ descriptor: Int32, path: String) throws(DeviceError) {
    align = max(4096, device.align)
    offset = 0
    length = Int(device.size.rawValue / align * align)
    base = try Self.map(
      descriptor, PROT_READ | PROT_WRITE, MAP_SHARED_VALIDATE | MAP_SYNC, 0, length, path)
    start = UInt64(UInt(bitPattern: base))
  }

  private static func map(
    _ descriptor: Int32, _ protection: Int32, _ flags: Int32, _ offset: UInt64, _ length: Int, _ path: String
  ) throws(DeviceError) -> UnsafeMutableRawPointer {
    let mapped = mmap(nil, length, protection, flags, descriptor, off_t(offset))
    guard let mapped, mapped != MAP_FAILED else { throw DAXVerifier.failure("map", path, errno) }
    return mapped
  }

  func unmap() { munmap(base, length) }

  /// Has the kernel read a byte at an offset in the file: for a missing page it returns an error instead of sending
  /// SIGBUS.
  func touch(_ position: UInt64) -> Bool {
    guard position >= offset, position - offset < UInt64(length) else { return false }
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return false }
    defer { for end in ends { close(end) } }
    return write(ends[1], base + Int(position - offset), 1) == 1
  }

  /// Whether the same can be mapped with MAP_SYNC.
  func isSyncGranted(_ descriptor: Int32) -> Bool {
    let mapped = mmap(
      nil, length, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, descriptor, off_t(offset))
    guard let mapped, mapped != MAP_FAILED else { return false }
    munmap(mapped, length)
    return true
  }

  /// The physical address of a touched byte (Documentation/admin-guide/mm/pagemap.rst); nil without permission.
  func physicalAddress(_ position: UInt64) -> UInt64? {
    let descriptor = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let address = start + (position - offset)
    var entry: UInt64 = 0
    guard pread(descriptor, &entry, 8, off_t(address / 4096 * 8)) == 8, entry >> 63 == 1 else { return nil }
    let frame = entry & ((1 << 55) - 1)
    return frame == 0 ? nil : frame * 4096 + address % 4096
  }

  /// Takes a long-term reference to its first bytes and releases it: as ``CPmem_try_long_term_pin``.
  func pin(_ bytes: UInt64) -> Int32 { CPmem_try_long_term_pin(base, min(bytes, UInt64(length))) }
}
