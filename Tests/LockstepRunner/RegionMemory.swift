import Glibc
import PmemDevice
import SystemPackage

/// The memory of a region of one DIMM, below all drivers, while the region is disabled: physical memory on a kernel, the image of
/// the DIMM on a simulated machine.
struct RegionMemory {
  private let file: FileDescriptor
  /// Of the region's first byte in the file.
  private let start: UInt64
  private let isMapped: Bool

  /// Of a region of this machine.
  ///
  /// - Throws: If its address cannot be read, or physical memory cannot be opened: that takes root, and no lockdown.
  init(kernel region: Region) throws {
    guard let address = region.resource else {
      throw DeviceError(.failed, "the address of \(region.dev) cannot be read")
    }
    file = try FileDescriptor.open("/dev/mem", .readWrite, options: .closeOnExec)
    start = address
    isMapped = true
  }

  /// Of a region of the simulated machine in `directory`.
  init(simulated region: Region, in directory: FilePath) throws {
    file = try FileDescriptor.open(
      directory.appending("\(region.mappings[0].dimm).img"), .readWrite, options: .closeOnExec)
    start = region.mappings[0].offset
    isMapped = false
  }

  /// At an offset from the region's start.
  func write(_ bytes: [UInt8], at offset: UInt64) throws {
    guard isMapped else {
      try file.writeAll(toAbsoluteOffset: Int64(start + offset), bytes)
      return
    }
    try withMapping(of: start + offset, bytes.count) { $0.copyBytes(from: bytes) }
  }

  func read(at offset: UInt64, count: Int) throws -> [UInt8] {
    try withMapping(of: start + offset, count) { Array($0) }
  }

  private func withMapping<Result>(
    of position: UInt64, _ count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Result
  ) throws -> Result {
    let page = position & ~4095
    let skipped = Int(position - page)
    guard
      let pages = mmap(
        nil, skipped + count, PROT_READ | PROT_WRITE, MAP_SHARED, file.rawValue, off_t(page)),
      pages != MAP_FAILED
    else { throw Errno(rawValue: errno) }
    defer { munmap(pages, skipped + count) }
    return body(UnsafeMutableRawBufferPointer(start: pages + skipped, count: count))
  }
}
