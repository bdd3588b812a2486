package import PmemDevice

/// A driver that answers ->direct_access (linux-kernel, March 2015: "Should implementations of ->direct_access
/// be allowed to sleep?").
public struct DirectAccessDriver: Hashable, Sendable {
  /// The provider behind it. A namespace's own device always exists, and is arithmetic.
  public enum Kind: String, CaseIterable, Hashable, Sendable {
    /// A RAM disk that makes its pages when they are first asked for, one at a time.
    case brd
    /// Memory elsewhere, of which a copy is fetched when it is first asked for.
    case remote
  }

  package var name: String
  package var kind: Kind
  /// In pages of 4 KiB.
  package var pages: UInt64
  /// That are there; in bytes.
  package var present = ExtentSet()
  /// That are being fetched; in bytes.
  package var fetching = ExtentSet()
  /// How many more pages the machine's memory has for it.
  package var pool: UInt64
  /// The namespace whose faults it answers; nil if it is asked by callers alone.
  package var device: DeviceID?
  /// How often a caller slept in it.
  package var sleeps: UInt64 = 0
  /// How often it was asked.
  package var calls: UInt64 = 0

  package init(
    name: String, kind: Kind, pages: UInt64, present: ExtentSet = ExtentSet(),
    fetching: ExtentSet = ExtentSet(), pool: UInt64, sleeps: UInt64 = 0, calls: UInt64 = 0
  ) {
    self.name = name
    self.kind = kind
    self.pages = pages
    self.present = present
    self.fetching = fetching
    self.pool = pool
    self.sleeps = sleeps
    self.calls = calls
  }
}

/// The answer of ->direct_access.
public struct DirectAccessGrant: Hashable, Sendable {
  /// How many pages can be used from the one that was asked for; nil while the process waits.
  public let pages: UInt64?
  /// Whether the caller slept for it.
  public let slept: Bool

  public init(pages: UInt64?, slept: Bool) {
    self.pages = pages
    self.slept = slept
  }
}

/// Direct I/O between a buffer, which is a process's mapping, and storage, which is a file (Jan Kara's two endpoints).
package struct DirectIO: Hashable, Sendable {
  package var id: TransferID
  package var pid: ProcessID
  /// Of the buffer's pages.
  package var pin: PinID
  package var storage: MappedObject
  /// In the file, bytes.
  package var offset: UInt64
  package var length: UInt64
  /// From the storage into the buffer.
  package var isRead: Bool

  package init(
    id: TransferID, pid: ProcessID, pin: PinID, storage: MappedObject, offset: UInt64, length: UInt64,
    isRead: Bool
  ) {
    self.id = id
    self.pid = pid
    self.pin = pin
    self.storage = storage
    self.offset = offset
    self.length = length
    self.isRead = isRead
  }
}
