/// A process as others see it.
public struct ProcessName: Hashable, Sendable {
  /// As pmemctl's own PID namespace numbers it.
  public var pid: Int
  /// The process's name, up to 15 bytes (`comm`).
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
  /// The first byte behind it.
  public var end: UInt64
  /// The kernel's name: a device node or a file; ` (deleted)` if it has no name any more.
  public var path: RawText
  /// Whether it is of a file on a filesystem, not of a device.
  public var isFile = false
  /// In the device or file, bytes.
  public var offset: UInt64
  /// The DAX device, or the block device that the file or the mapping is on: `dax0.0`, `pmem0`, `dm-0`.
  public var device: String
  /// The namespaces under it.
  public var namespaces: [String]
  /// The mapped range of ``device``; nil if unknown.
  public var deviceRanges: [Extent]?
  /// The same on the namespaces under it, through partitions and device mapper tables; nil if unknown.
  public var namespaceRanges: [NamespaceRange]?
  /// Whether loads and stores reach the device itself, not the page cache. nil if unknown.
  public var isDAX: Bool?
  public var isReadable: Bool
  public var isWritable: Bool
  public var isExecutable: Bool
  public var isShared: Bool
  /// MAP_SYNC; nil if unknown.
  public var isSync: Bool?
  public var isLocked: Bool?
  /// Bytes that have page table entries, by the size of their pages, smallest first; nil if unknown, or if reading it
  /// would change it.
  public var populated: [PopulatedPages]?

  /// The part that is mapped by pages of one size.
  public struct PopulatedPages: Hashable, Sendable {
    /// Bytes: 4 KiB, 2 MiB or 1 GiB.
    public var pageSize: UInt64
    /// Bytes of the mapping that have such entries.
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

  /// Bytes of address space.
  public var length: UInt64 { end - start }

  /// As /proc/PID/maps writes it: `rw-s`.
  public var permissions: String {
    (isReadable ? "r" : "-") + (isWritable ? "w" : "-") + (isExecutable ? "x" : "-")
      + (isShared ? "s" : "p")
  }
}

extension Mapping {
  /// Ranges of namespaces behind addresses of the process, as far as this mapping has them.
  ///
  /// - Parameters:
  ///   - address: The first one.
  ///   - length: Bytes.
  /// - Returns: In the order of the addresses.
  public func ranges(_ address: UInt64, _ length: UInt64) -> [NamespaceRange] {
    let first = max(start, address)
    let last = min(end, address.addingReportingOverflow(length).partialValue)
    guard first < last else { return [] }
    let wanted = (first - start)..<(last - start)
    var position: UInt64 = 0
    return (namespaceRanges ?? []).compactMap { range in
      let own = position..<(position + range.extent.length)
      position = own.upperBound
      let part = own.clamped(to: wanted)
      guard !part.isEmpty else { return nil }
      return NamespaceRange(
        namespace: range.namespace,
        extent: Extent(
          offset: range.extent.offset + part.lowerBound - own.lowerBound,
          length: part.upperBound - part.lowerBound))
    }
  }
}

/// A piece of what a namespace gives its users: bytes of its block device or of its DAX device.
public struct NamespaceRange: Hashable, Sendable {
  public var namespace: String
  public var extent: Extent

  public init(namespace: String, extent: Extent) {
    self.namespace = namespace
    self.extent = extent
  }
}

/// How mappings are asked of a kernel.
public enum MappingInterface: String, CaseIterable, Hashable, Sendable {
  /// A BPF iterator over all of them, which looks at none but those of persistent memory (5.12; CAP_BPF, CAP_PERFMON).
  case bpf
  /// PROCMAP_QUERY (6.11): an ioctl for each mapping of a file.
  case query
  /// The text of /proc/PID/maps.
  case maps
}

/// All mappings of persistent memory that could be seen.
public struct MappingReport: Hashable, Sendable {
  public var mappings: [Mapping]
  /// The parts that could not be seen; empty if the answer is complete.
  public var missing: [Unseen]
  /// The interface that was used, and for how many processes, in words; nil if there was nothing to ask for.
  public var asked: String?

  public init(mappings: [Mapping] = [], missing: [Unseen] = []) {
    self.mappings = mappings
    self.missing = missing
  }
}
