import Glibc
import PmemDevice
import SystemPackage

/// A lock on a simulated machine, held until it is released or the process ends.
final class MachineLock {
  private var descriptor: FileDescriptor?
  /// How long another command is waited for.
  private static let patience: Duration = .seconds(5)

  /// Locks `path`, waiting a few seconds for others.
  init(_ path: FilePath, exclusive: Bool) throws(DeviceError) {
    let opened = try MachineFile.open(path, .readOnly)
    let operation = (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB
    let start = ContinuousClock.now
    while flock(opened.rawValue, operation) != 0 {
      let reason = Errno(rawValue: errno)
      guard reason == .wouldBlock || reason == .interrupted else {
        try? opened.close()
        throw ImageFile.failure("lock", path, reason)
      }
      guard ContinuousClock.now - start < Self.patience else {
        try? opened.close()
        throw DeviceError(
          .failed, "the simulated machine \(path.removingLastComponent()) is busy: another command holds it",
          details: ["waited 5 seconds; try again when it is done"], errno: EAGAIN)
      }
      usleep(2000)
    }
    descriptor = opened
  }

  func release() {
    try? descriptor?.close()
    descriptor = nil
  }

  deinit { release() }
}
