import PmemDevice

/// The power of a simulated machine's media; tests cut it.
///
/// A cut hits in the middle of a write to the media: some of its bytes reach them, in order, the rest and every later
/// write do not. The kernel's memory is lost with it.
package final class PowerSupply {
  /// Writes that were done whole.
  package private(set) var writes = 0
  private let cut: (writes: Int, bytes: Int)?
  package private(set) var isOff = false

  /// Never fails; counts.
  package init() { cut = nil }

  /// Lets `writes` writes through, and `bytes` bytes of the next.
  package init(cutAfter writes: Int, bytes: Int) { cut = (writes, bytes) }

  /// How many of a write's bytes reach the media.
  func grant(_ count: Int) -> Int {
    guard !isOff else { return 0 }
    guard let cut, writes == cut.writes else {
      writes += 1
      return count
    }
    isOff = true
    // Persistent memory takes 8 bytes at once.
    return min(cut.bytes / 8 * 8, count)
  }

  var failure: DeviceError { DeviceError(.failed, "the power is off", errno: 5) }
}
