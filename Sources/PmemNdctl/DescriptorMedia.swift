import Glibc
import PmemDevice

/// The error number of what failed below a mode.
struct RawModeError: Error {
  let errno: Int32

  init(_ errno: Int32) { self.errno = errno }
}

/// A block device that is open.
final class DescriptorMedia: RawMedia {
  private let descriptor: Int32
  let size: UInt64

  /// Borrows the descriptor: its owner closes it, after this is gone.
  init(_ descriptor: Int32, size: UInt64) {
    self.descriptor = descriptor
    self.size = size
  }

  func read(at offset: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
    try checkFits(count, at: offset)
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let got = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe pread(
          descriptor, buffer.baseAddress.map { unsafe $0 + done }, count - done, off_t(offset) + off_t(done))
      }
      guard got > 0 else { throw failure("read", got < 0 ? errno : EIO, offset + UInt64(done)) }
      done += got
    }
    return bytes
  }

  func write(_ bytes: [UInt8], at offset: UInt64) throws(DeviceError) {
    try checkFits(bytes.count, at: offset)
    do throws(RawModeError) { try put(bytes, at: offset) } catch {
      throw failure("write", error.errno, offset)
    }
  }

  /// Writes, and waits until it is on the media.
  func put(_ bytes: [UInt8], at offset: UInt64) throws(RawModeError) {
    guard offset <= size, UInt64(bytes.count) <= size - offset else { throw RawModeError(EINVAL) }
    var done = 0
    while done < bytes.count {
      let put = unsafe bytes.withUnsafeBytes { buffer in
        unsafe pwrite(
          descriptor, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done,
          off_t(offset) + off_t(done))
      }
      guard put > 0 else { throw RawModeError(put < 0 ? errno : EIO) }
      done += put
    }
    guard fsync(descriptor) == 0 else { throw RawModeError(errno) }
  }

  private func failure(_ verb: String, _ errno: Int32, _ offset: UInt64) -> DeviceError {
    DeviceError(
      DeviceError.Code(errno: errno), "cannot \(verb) at offset \(offset): \(NdctlContext.text(errno))",
      errno: errno)
  }
}
