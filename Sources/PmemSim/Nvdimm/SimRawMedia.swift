import PmemDevice
import PmemMedia

/// A namespace below its mode.
final class SimRawMedia: RawMedia {
  private let media: SimMedia
  private let region: Int
  private let begin: UInt64
  let size: UInt64

  /// As the kernel presents it in raw mode, while it is unused.
  convenience init(_ nvdimm: NvdimmModel, region: Int, id: Int) throws {
    let namespace = nvdimm.regions[region].namespaces[try nvdimm.namespaceIndex(region, id)]
    guard !namespace.isEnabled, namespace.claim == nil else {
      throw KernelRefusal(16, "it is enabled or claimed")
    }
    guard namespace.size > 0 else { throw KernelRefusal(6, "it has no size") }
    self.init(namespace, region: region, media: nvdimm.media)
  }

  /// All of it, or as many bytes from its start.
  init(_ namespace: SimNamespace, region: Int, media: SimMedia, size: UInt64? = nil) {
    self.media = media
    self.region = region
    begin = namespace.offset
    self.size = size ?? namespace.size
  }

  func read(at offset: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
    try checkFits(count, at: offset)
    return try media.read(region: region, at: begin + offset, count: count)
  }

  func write(_ bytes: [UInt8], at offset: UInt64) throws(DeviceError) {
    try checkFits(bytes.count, at: offset)
    try media.write(region: region, bytes, at: begin + offset)
  }
}

extension NvdimmModel {
  /// The data of an enabled namespace's users.
  func content(of region: Int, _ id: Int) throws -> any ByteSource {
    let namespace = regions[region].namespaces[try namespaceIndex(region, id)]
    guard namespace.isEnabled else { throw KernelRefusal(6, "it is disabled") }
    let raw = SimRawMedia(namespace, region: region, media: media)
    guard let claim = namespace.claim else { return raw }
    switch claim.kind {
    case .btt: return try BttReader(raw, version: namespace.claimClass == .btt2 ? .v2 : .v1)
    case .pfn, .dax:
      return SourceSlice(
        raw, Extent(offset: claim.startPad + claim.dataOffset, length: claim.usable))
    }
  }
}
