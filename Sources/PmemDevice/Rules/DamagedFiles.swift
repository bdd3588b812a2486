/// The files of mounted filesystems with data on bad blocks of a namespace.
public struct DamagedFiles: Hashable, Sendable {
  /// A part of a file that cannot be read.
  public struct Part: Hashable, Sendable {
    public var path: RawText
    /// Of the file, bytes.
    public var extent: Extent

    public init(path: RawText, extent: Extent) {
      self.path = path
      self.extent = extent
    }
  }

  /// The bad blocks of the device, bytes of what its users have.
  public var blocks: [Extent]
  /// What is missing where no filesystem is mounted: it may have files, or be mounted where this process does not see it.
  public static let unmounted = "no filesystem of it is mounted here: its files were not searched"

  /// What is missing of a namespace that no filesystem can be searched on.
  ///
  /// - Parameter namespace: Which.
  /// - Returns: Of one without bad blocks, nothing is; nil if it can be searched.
  public static func unsearchable(_ namespace: Namespace) -> DamagedFiles? {
    let reason: String? =
      switch namespace.mode {
      case .devdax: "a DAX device has no files"
      case .sector: "in sector mode only its driver knows where a block is"
      case .fsdax, .raw:
        namespace.blockDevice == nil ? "it is disabled: its files were not searched" : nil
      }
    return reason.map { DamagedFiles(missing: namespace.badblockCount > 0 ? [$0] : []) }
  }

  /// By path, then by offset.
  public var parts: [Part]
  /// Bytes of bad blocks in no file that was found: free, the filesystem's own, or of a file that could not be asked.
  public var unplaced: UInt64
  /// What could not be searched, a sentence each without its full stop.
  public var missing: [String]

  public init(
    blocks: [Extent] = [], parts: [Part] = [], unplaced: UInt64 = 0, missing: [String] = []
  ) {
    self.blocks = blocks
    self.parts = parts
    self.unplaced = unplaced
    self.missing = missing
  }

  /// - Parameters:
  ///   - found: What files have on the device, several pieces of a file in any order.
  ///   - bad: The bad blocks of the device.
  ///   - missing: What could not be searched.
  public init(_ found: [(path: RawText, piece: FilePiece)], bad: [Extent], missing: [String]) {
    var rest = ExtentSet()
    for extent in bad { rest.insert(extent) }
    var parts: [Part] = []
    for (path, piece) in found {
      for extent in bad {
        guard let part = piece.extent.intersection(extent) else { continue }
        rest.remove(part)
        let offset = piece.logical + part.offset - piece.extent.offset
        parts.append(Part(path: path, extent: Extent(offset: offset, length: part.length)))
      }
    }
    parts.sort { one, other in
      one.path == other.path
        ? one.extent.offset < other.extent.offset : one.path.bytes.lexicographicallyPrecedes(other.path.bytes)
    }
    self.init(blocks: bad, parts: parts, unplaced: rest.length, missing: missing)
  }
}

/// A piece of a file, and its extent on the device.
public struct FilePiece: Hashable, Sendable {
  /// Of the file, bytes.
  public var logical: UInt64
  public var extent: Extent

  public init(logical: UInt64, extent: Extent) {
    self.logical = logical
    self.extent = extent
  }
}
