public import PmemDevice

/// Info blocks, and headers of volumes, at the offsets at which namespaces can start, found without any label.
public struct RegionScan: Hashable, Sendable {
  /// An info block and its offset.
  public struct Found: Hashable, Sendable {
    /// Of the namespace, from the source's start.
    public let offset: UInt64
    public let block: NamespaceIdentity.Block

    /// UUID of the label that the block names.
    public var parent: DeviceUUID {
      switch block {
      case .btt(let btt): btt.parentUUID
      case .pfn(let pfn): pfn.parentUUID
      }
    }
  }

  /// The smallest alignment that kernels since 5.3 can use, bytes.
  public static let smallestStep: UInt64 = 2 << 20

  public private(set) var found: [Found] = []

  /// A volume's header and its offset.
  public struct Volume: Hashable, Sendable {
    /// From the source's start.
    public let offset: UInt64
    public let header: VolumeHeader
  }

  /// In the order of their offsets.
  public private(set) var volumes: [Volume] = []

  /// Looks at every multiple of `step`.
  ///
  /// - Parameters:
  ///   - source: All of a region.
  ///   - step: The alignment of namespaces.
  ///   - progress: Called with the bytes passed so far, and with all, which it reaches if nothing fails; what it throws ends the
  ///     search.
  /// - Throws: The error of reading, except media errors: unreadable ranges are skipped.
  public init(
    _ source: any ByteSource, step: UInt64,
    progress: (UInt64, UInt64) throws(DeviceError) -> Void = { _, _ in }
  ) throws(DeviceError) {
    let reserve = PfnLayout.infoBlockReserve
    guard step >= 4096 else { return }
    var offset: UInt64 = 0
    while offset < source.size, source.size - offset >= reserve {
      try progress(offset, source.size)
      if let bytes = try Self.read(source, offset) { look(bytes, offset) }
      let (next, overflow) = offset.addingReportingOverflow(step)
      if overflow { break }
      offset = next
    }
    try progress(source.size, source.size)
  }

  private static func read(_ source: any ByteSource, _ offset: UInt64) throws(DeviceError) -> [UInt8]? {
    do throws(DeviceError) {
      return try source.read(at: offset, count: Int(PfnLayout.infoBlockReserve))
    } catch {
      guard error.errno == 5 else { throw error }
      return nil
    }
  }

  /// Of the signatures of fsdax and devdax.
  private static let pfnPrefix = Array("NVDIMM_".utf8)

  private mutating func look(_ bytes: [UInt8], _ offset: UInt64) {
    if let header = VolumeHeader(bytes) { volumes.append(Volume(offset: offset, header: header)) }
    // Decoding what is none takes ten times as long.
    for version in [BttLayout.Version.v2, .v1]
    where bytes[Int(version.initialOffset)...].starts(with: BttInfoBlock.signature) {
      if let btt = try? BttInfoBlock(Array(bytes.dropFirst(Int(version.initialOffset)))),
        btt.version == version
      {
        found.append(Found(offset: offset, block: .btt(btt)))
      }
    }
    if bytes[Int(PfnInfoBlock.offset)...].starts(with: Self.pfnPrefix),
      let pfn = try? PfnInfoBlock(Array(bytes.dropFirst(Int(PfnInfoBlock.offset))))
    {
      found.append(Found(offset: offset, block: .pfn(pfn)))
    }
  }
}
