/// A process as others see it.
public struct ProcessName: Hashable, Sendable {
  public var pid: Int
  /// What it calls itself, up to 15 bytes (`comm`).
  public var command: RawText

  public init(pid: Int, command: RawText) {
    self.pid = pid
    self.command = command
  }
}

extension ProcessName: CustomStringConvertible {
  public var description: String { "\(command) (\(pid))" }
}

/// A mapping of persistent memory into a process.
public struct Mapping: Hashable, Sendable {
  public var process: ProcessName
  /// Addresses in the process; `end` is the first byte behind it.
  public var start: UInt64
  public var end: UInt64
  /// As the kernel names it: a device node or a file; ` (deleted)` where it has no name any more.
  public var path: RawText
  /// In the device or file, bytes.
  public var offset: UInt64
  /// The DAX device, or the block device that the file or the mapping is on: `dax0.0`, `pmem0`, `dm-0`.
  public var device: String
  /// The namespaces under it.
  public var namespaces: [String]
  /// What is mapped, on ``device``; nil where it could not be found out.
  public var deviceRanges: [Extent]?
  /// Whether loads and stores reach the device itself; else the page cache. nil where that could not be found out.
  public var isDAX: Bool?
  public var isReadable: Bool
  public var isWritable: Bool
  public var isExecutable: Bool
  public var isShared: Bool
  /// MAP_SYNC; nil where it could not be found out.
  public var isSync: Bool?
  public var isLocked: Bool?
  /// Bytes that have page table entries, by the size of their pages, smallest first; nil where that could not be
  /// found out, or finding out would change it.
  public var populated: [PopulatedPages]?

  public struct PopulatedPages: Hashable, Sendable {
    public var pageSize: UInt64
    public var bytes: UInt64

    public init(pageSize: UInt64, bytes: UInt64) {
      self.pageSize = pageSize
      self.bytes = bytes
    }
  }

  public init(
    process: ProcessName, start: UInt64, end: UInt64, path: RawText, offset: UInt64, device: String,
    namespaces: [String], permissions: String
  ) {
    self.process = process
    self.start = start
    self.end = end
    self.path = path
    self.offset = offset
    self.device = device
    self.namespaces = namespaces
    let flags = Array(permissions.utf8)
    isReadable = flags.first == UInt8(ascii: "r")
    isWritable = flags.dropFirst().first == UInt8(ascii: "w")
    isExecutable = flags.dropFirst(2).first == UInt8(ascii: "x")
    isShared = flags.dropFirst(3).first == UInt8(ascii: "s")
  }

  public var length: UInt64 { end - start }

  /// As /proc/PID/maps writes it: `rw-s`.
  public var permissions: String {
    (isReadable ? "r" : "-") + (isWritable ? "w" : "-") + (isExecutable ? "x" : "-")
      + (isShared ? "s" : "p")
  }
}

/// All mappings of persistent memory that could be seen.
public struct MappingReport: Hashable, Sendable {
  public var mappings: [Mapping]
  /// Processes that this one may not look at.
  public var hiddenProcesses: Int

  public init(mappings: [Mapping] = [], hiddenProcesses: Int = 0) {
    self.mappings = mappings
    self.hiddenProcesses = hiddenProcesses
  }
}
