import PmemDevice

/// A driver that answers ->direct_access (linux-kernel, March 2015: "Should implementations of ->direct_access
/// be allowed to sleep?").
struct SimProvider: Hashable {
  /// What is behind it. A namespace's own device is always there by its name, and is arithmetic.
  enum Kind: String, CaseIterable, Hashable {
    /// A RAM disk that makes its pages when they are first asked for, one at a time.
    case brd
    /// Memory elsewhere, of which a copy is fetched when it is first asked for.
    case remote
  }

  var name: String
  var kind: Kind
  /// In pages of 4 KiB.
  var pages: UInt64
  /// That are there; in bytes.
  var present = ExtentSet()
  /// That are being fetched; in bytes.
  var fetching = ExtentSet()
  /// How many more pages the machine's memory has for it.
  var pool: UInt64
  /// How often a caller slept in it.
  var sleeps: UInt64 = 0
  /// How often it was asked.
  var calls: UInt64 = 0
}

/// What ->direct_access answered.
public struct SimDirectAccess: Hashable, Sendable {
  /// How many pages can be used from the one that was asked for; nil while the process waits.
  public let pages: UInt64?
  /// Whether the caller slept for it.
  public let slept: Bool
}

/// Direct I/O between a buffer, which is a process's mapping, and storage, which is a file (Jan Kara's two endpoints).
struct SimIO: Hashable {
  var id: Int
  var pid: Int
  /// Of the buffer's pages.
  var pin: Int
  var storage: SimSource
  /// In the file, bytes.
  var offset: UInt64
  var length: UInt64
  /// From the storage into the buffer.
  var isRead: Bool
}
