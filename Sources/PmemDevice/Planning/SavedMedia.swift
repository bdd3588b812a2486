/// A part of a namespace that a plan overwrites, small enough to be saved: the undo of a mistake. Label areas are saved
/// for every plan that writes to them.
public struct SavedPart: Hashable, Sendable {
  /// Kernel name.
  public let namespace: String
  /// Below its mode, from its start. The part behind the end is left out.
  public let extent: Extent

  /// Bytes of a namespace, below its mode.
  public static func bytes(namespace: String, _ extent: Extent) -> SavedPart {
    SavedPart(namespace: namespace, extent: extent)
  }

  /// The first 8 KiB of a namespace, which hold info blocks.
  public static func head(namespace: String) -> SavedPart {
    .bytes(namespace: namespace, Extent(offset: 0, length: PfnLayout.infoBlockReserve))
  }
}

/// The old content of such parts.
public struct SavedMedia: Hashable, Sendable {
  private var bytes: [SavedPart: [UInt8]] = [:]

  /// The saved parts of a namespace, in the order of offsets.
  public func pieces(of namespace: String) -> [(offset: UInt64, bytes: [UInt8])] {
    bytes.filter { $0.key.namespace == namespace }.map { ($0.key.extent.offset, $0.value) }.sorted {
      $0.offset < $1.offset
    }
  }

  /// Reads each part once.
  ///
  /// - Parameters:
  ///   - parts: Parts of namespaces that are disabled by now.
  ///   - backend: The backend to read from.
  /// - Throws: The error of reading: nothing should be overwritten then.
  public init(_ parts: [SavedPart], on backend: any DeviceBackend) throws(DeviceError) {
    for part in parts where bytes[part] == nil {
      bytes[part] = try backend.withRawMedia(of: part.namespace, forWriting: false) {
        media throws(DeviceError) in
        let extent = part.extent
        guard extent.offset < media.size else { return [] }
        return try media.read(
          at: extent.offset, count: Int(min(extent.length, media.size - extent.offset)))
      }
    }
  }
}
