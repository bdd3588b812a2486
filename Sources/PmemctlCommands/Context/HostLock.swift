import Glibc
import PmemDevice
import SystemPackage

/// A lock on this host, so that changes take turns from the inventory that a plan is made from to its last step. Held
/// until it is released or the process ends.
///
/// It binds pmemctl alone. The lock file has the process id and the command line of the last holder in it, for the
/// message of those that wait; only flock(2) counts.
final class HostLock {
  /// How long another change is waited for: an enable of 1 TiB with its memory map takes about so long.
  static let patience: Duration = .seconds(60)
  /// Of a wait, before it is reported.
  private static let silence: Duration = .seconds(1)
  private static let longestHolder = 200

  /// -1 if there is nothing to lock: the state directory is read-only, as in an initramfs.
  private var descriptor: Int32 = -1

  /// Takes the lock, and waits for it if another process holds it; a signal ends the wait, and the process.
  ///
  /// - Parameters:
  ///   - directory: For state; made if it is not there.
  ///   - command: The command line of this process.
  ///   - patience: How long to wait.
  ///   - waiting: Gets a line for the person, once, if it takes more than a moment.
  /// - Throws: ``DeviceError/Code/failed`` if another process holds it still, or if the file cannot be made.
  init(
    in directory: FilePath, command: String, patience: Duration = HostLock.patience,
    waiting: (String) -> Void = { _ in }
  ) throws(DeviceError) {
    let path = directory.appending("lock")
    do throws(Errno) { descriptor = try Self.open(path) } catch {
      guard error != .readOnlyFileSystem else { return }
      throw Self.failure("open \(path)", error)
    }
    let start = ContinuousClock.now
    var isReported = false
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      let reason = Errno(rawValue: errno)
      guard reason == .wouldBlock || reason == .interrupted else {
        // Not closed here: an object whose members are set is released when its init throws, and closes it.
        throw Self.failure("lock \(path)", reason)
      }
      let waited = ContinuousClock.now - start
      guard waited < patience else {
        let holder = Self.holder(descriptor)
        throw DeviceError(
          .failed, "cannot change this host: another pmemctl is changing it\(holder)",
          details: ["waited \(waited.components.seconds) seconds", "nothing was changed"], errno: EAGAIN)
      }
      if !isReported, waited > Self.silence {
        waiting("another pmemctl is changing this host\(Self.holder(descriptor)): waiting for it to end")
        isReported = true
      }
      usleep(20_000)
    }
    note("\(getpid()) \(command)\n")
  }

  func release() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
  }

  deinit { release() }

  private static func open(_ path: FilePath) throws(Errno) -> Int32 {
    // Most often it is there, and a disk that is full does not matter.
    let flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC
    let existing = Glibc.open(path.string, flags)
    guard existing < 0 else { return existing }
    guard errno == ENOENT else { throw Errno(rawValue: errno) }
    try StateDirectory.make(path.removingLastComponent())
    let made = Glibc.open(path.string, flags | O_CREAT, 0o600)
    guard made >= 0 else { throw Errno(rawValue: errno) }
    return made
  }

  /// For others to read; if that fails they name no holder.
  private func note(_ text: String) {
    _ = ftruncate(descriptor, 0)
    let bytes = Array(text.utf8)
    _ = pwrite(descriptor, bytes, bytes.count, 0)
  }

  /// " (pid 123: namespace create)"; empty if the holder has not written it yet.
  private static func holder(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: longestHolder)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    let line = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).prefix { $0 != "\n" }
    let words = line.split(separator: " ", maxSplits: 1)
    guard let pid = words.first.flatMap({ Int32($0) }) else { return "" }
    return words.count > 1 ? " (pid \(pid): \(words[1]))" : " (pid \(pid))"
  }

  private static func failure(_ what: String, _ reason: Errno) -> DeviceError {
    DeviceError(
      DeviceError.Code(errno: reason.rawValue), "cannot \(what): \(reason.description)",
      details: ["this file is the lock of changes of this host", "nothing was changed"],
      errno: reason.rawValue
    )
  }
}
