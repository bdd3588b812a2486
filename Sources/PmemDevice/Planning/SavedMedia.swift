/// A part of a namespace that a plan overwrites, small enough to be kept: what a mistake is undone from. Label areas are
/// kept of every plan that writes to them.
public struct SavedPlace: Hashable, Sendable {
  /// Kernel name.
  public let namespace: String
  /// Below its mode, from its start. What of it is behind the end is left out.
  public let extent: Extent

  /// Bytes of a namespace, below its mode.
  public static func bytes(namespace: String, _ extent: Extent) -> SavedPlace {
    SavedPlace(namespace: namespace, extent: extent)
  }

  /// The first 8 KiB of a namespace, where info blocks are.
  public static func head(namespace: String) -> SavedPlace {
    .bytes(namespace: namespace, Extent(offset: 0, length: PfnLayout.infoBlockReserve))
  }
}

/// What was in such places before.
public struct SavedMedia: Hashable, Sendable {
  private var bytes: [SavedPlace: [UInt8]] = [:]

  /// What is kept of a namespace, in the order of offsets.
  public func pieces(of namespace: String) -> [(offset: UInt64, bytes: [UInt8])] {
    bytes.filter { $0.key.namespace == namespace }.map { ($0.key.extent.offset, $0.value) }.sorted {
      $0.offset < $1.offset
    }
  }

  /// Reads places, each once.
  ///
  /// - Parameters:
  ///   - places: Only of namespaces that are disabled by now.
  ///   - backend: Where.
  /// - Throws: What reading says: nothing should be overwritten then.
  public init(_ places: [SavedPlace], on backend: any DeviceBackend) throws(DeviceError) {
    for place in places where bytes[place] == nil {
      bytes[place] = try backend.withRawMedia(of: place.namespace, forWriting: false) {
        media throws(DeviceError) in
        let extent = place.extent
        guard extent.offset < media.size else { return [] }
        return try media.read(
          at: extent.offset, count: Int(min(extent.length, media.size - extent.offset)))
      }
    }
  }
}
