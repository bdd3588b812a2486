/// A part of the media that a plan overwrites, small enough to be kept: what a mistake is undone from.
public enum SavedPlace: Hashable, Sendable {
  /// A part of a namespace, below its mode. What of it is behind the end is left out.
  case bytes(namespace: String, Extent)
  /// The label area of a DIMM.
  case labels(dimm: String)

  /// The first 8 KiB of a namespace, where info blocks are.
  public static func head(namespace: String) -> SavedPlace {
    .bytes(namespace: namespace, Extent(offset: 0, length: PfnLayout.infoBlockReserve))
  }
}

/// What was in such places before.
public struct SavedMedia: Hashable, Sendable {
  public private(set) var bytes: [SavedPlace: [UInt8]]

  public init(_ bytes: [SavedPlace: [UInt8]] = [:]) { self.bytes = bytes }

  /// The namespaces of which something is kept.
  public var namespaces: Set<String> {
    Set(bytes.keys.compactMap { if case .bytes(let namespace, _) = $0 { namespace } else { nil } })
  }

  /// What is kept of a namespace, in the order of offsets.
  public func pieces(of namespace: String) -> [(offset: UInt64, bytes: [UInt8])] {
    var pieces: [(offset: UInt64, bytes: [UInt8])] = []
    for case (.bytes(namespace, let extent), let bytes) in bytes { pieces.append((extent.offset, bytes)) }
    return pieces.sorted { $0.offset < $1.offset }
  }

  /// Reads places, each once.
  ///
  /// - Parameters:
  ///   - places: Heads only of namespaces that are disabled by now.
  ///   - backend: Where.
  /// - Throws: What reading says: nothing should be overwritten then.
  public init(_ places: [SavedPlace], on backend: any DeviceBackend) throws(DeviceError) {
    bytes = [:]
    for place in places where bytes[place] == nil {
      switch place {
      case .labels(let dimm): bytes[place] = try backend.readLabels(dimm: dimm)
      case .bytes(let namespace, let extent):
        bytes[place] = try backend.withRawMedia(of: namespace, forWriting: false) {
          media throws(DeviceError) in
          guard extent.offset < media.size else { return [] }
          return try media.read(at: extent.offset, count: Int(min(extent.length, media.size - extent.offset)))
        }
      }
    }
  }

  /// What takes a step back that overwrote such a place; nil where none did.
  public func undo(_ step: Step) -> Step? {
    switch step {
    case .zeroInfoBlock(let namespace):
      bytes[SavedPlace.head(namespace: namespace)].map { .write(namespace: namespace, bytes: $0, offset: 0) }
    case .write(let namespace, let written, let offset):
      bytes[.bytes(namespace: namespace, Extent(offset: offset, length: UInt64(written.count)))].map {
        .write(namespace: namespace, bytes: $0, offset: offset)
      }
    case .initializeLabels(let dimm, _), .writeLabels(let dimm, _):
      bytes[.labels(dimm: dimm)].map { .writeLabels(dimm: dimm, bytes: $0) }
    default: nil
    }
  }
}
