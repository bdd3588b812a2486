/// A process, by its number; 0 if no process is left.
public struct ProcessID: RawRepresentable, Hashable, Comparable, Sendable, ExpressibleByIntegerLiteral {
  /// Positive, or 0.
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }
  public init(_ number: Int) { rawValue = number }
  public init(integerLiteral value: Int) { rawValue = value }
  public static func < (left: ProcessID, right: ProcessID) -> Bool { left.rawValue < right.rawValue }
}

/// References that were taken together, by their number.
public struct PinID: RawRepresentable, Hashable, Comparable, Sendable, ExpressibleByIntegerLiteral {
  /// From 1, never used twice.
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }
  public init(_ number: Int) { rawValue = number }
  public init(integerLiteral value: Int) { rawValue = value }
  public static func < (left: PinID, right: PinID) -> Bool { left.rawValue < right.rawValue }
}

/// A page fault that has begun and not ended, by its number.
public struct FaultID: RawRepresentable, Hashable, Comparable, Sendable, ExpressibleByIntegerLiteral {
  /// From 1, never used twice.
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }
  public init(_ number: Int) { rawValue = number }
  public init(integerLiteral value: Int) { rawValue = value }
  public static func < (left: FaultID, right: FaultID) -> Bool { left.rawValue < right.rawValue }
}

/// Direct I/O under way, by its number.
public struct TransferID: RawRepresentable, Hashable, Comparable, Sendable, ExpressibleByIntegerLiteral {
  /// From 1, never used twice.
  public let rawValue: Int
  public init(rawValue: Int) { self.rawValue = rawValue }
  public init(_ number: Int) { rawValue = number }
  public init(integerLiteral value: Int) { rawValue = value }
  public static func < (left: TransferID, right: TransferID) -> Bool { left.rawValue < right.rawValue }
}

extension ProcessID: CustomStringConvertible { public var description: String { "\(rawValue)" } }
extension PinID: CustomStringConvertible { public var description: String { "\(rawValue)" } }
extension FaultID: CustomStringConvertible { public var description: String { "\(rawValue)" } }
extension TransferID: CustomStringConvertible { public var description: String { "\(rawValue)" } }

/// A namespace's device.
public struct DeviceID: Hashable, Comparable, Sendable {
  /// The X of `namespaceX.Y`.
  public let region: Int
  /// The Y of `namespaceX.Y`.
  public let namespace: Int

  public init(region: Int, namespace: Int) {
    self.region = region
    self.namespace = namespace
  }

  public static func < (left: DeviceID, right: DeviceID) -> Bool {
    (left.region, left.namespace) < (right.region, right.namespace)
  }
}

extension DeviceID: CustomStringConvertible {
  /// The kernel's name, `namespaceX.Y`.
  public var description: String { "namespace\(region).\(namespace)" }
}

/// A mapping: no two of a process begin at the same address.
public struct MappingID: Hashable, Sendable {
  public let process: ProcessID
  /// In the process's addresses, bytes.
  public let start: UInt64

  public init(process: ProcessID, start: UInt64) {
    self.process = process
    self.start = start
  }
}

/// A file, by its inode on the filesystem of a volume.
public struct FileID: Hashable, Sendable {
  public let volume: Volume
  /// The file's number in its filesystem; reused after the file is gone.
  public let inode: UInt64

  public init(volume: Volume, inode: UInt64) {
    self.volume = volume
    self.inode = inode
  }
}
