public import PmemDevice

/// The identity of a namespace by its media, as the kernel's probes find it when it is enabled (pmem.c:nd_pmem_probe:
/// BTT, then PFN, then DAX).
public struct NamespaceIdentity: Hashable, Sendable {
  /// The info block that decides the mode.
  public enum Block: Hashable, Sendable {
    case btt(BttInfoBlock)
    case pfn(PfnInfoBlock)
  }

  /// nil: raw.
  public let block: Block?
  /// Of the whole namespace, bytes.
  public let size: UInt64
  /// Why the first block with a signature is not used; nil if there is none, or it is.
  public let trouble: String?

  /// Reads the info blocks.
  ///
  /// - Parameters:
  ///   - raw: The namespace below its mode.
  ///   - label: The UUID of its label; nil for a label-less one. Blocks that name another parent are not its own.
  /// - Throws: The error of reading.
  public init(_ raw: any ByteSource, label: DeviceUUID?) throws(DeviceError) {
    size = raw.size
    guard raw.size >= PfnLayout.infoBlockReserve else {
      (block, trouble) = (nil, nil)
      return
    }
    let reserve = try raw.read(at: 0, count: Int(PfnLayout.infoBlockReserve))
    let parent = label ?? .null
    var trouble: String?
    func note(_ error: MediaError) { if error != .signature, trouble == nil { trouble = error.description } }
    for version in [BttLayout.Version.v2, .v1] {
      do throws(MediaError) {
        let found = try BttInfoBlock(Array(reserve.dropFirst(Int(version.initialOffset))))
        if found.version == version, found.parentUUID.isNull || found.parentUUID == parent {
          (block, self.trouble) = (.btt(found), nil)
          return
        }
      } catch { note(error) }
    }
    do throws(MediaError) {
      let found = try PfnInfoBlock(Array(reserve.dropFirst(Int(PfnInfoBlock.offset))))
      if found.parentUUID == parent {
        (block, self.trouble) = (.pfn(found), nil)
        return
      }
    } catch { note(error) }
    (block, self.trouble) = (nil, trouble)
  }

  /// The parent that the info block of a source names, whichever; nil if there is no block.
  ///
  /// - Throws: The error of reading.
  public static func parent(_ raw: any ByteSource) throws(DeviceError) -> DeviceUUID? {
    guard raw.size >= PfnLayout.infoBlockReserve else { return nil }
    let reserve = try raw.read(at: 0, count: Int(PfnLayout.infoBlockReserve))
    for version in [BttLayout.Version.v2, .v1] {
      if let found = try? BttInfoBlock(Array(reserve.dropFirst(Int(version.initialOffset)))),
        found.version == version
      {
        return found.parentUUID
      }
    }
    return (try? PfnInfoBlock(Array(reserve.dropFirst(Int(PfnInfoBlock.offset)))))?.parentUUID
  }

  public var mode: NamespaceMode {
    switch block {
    case .btt: .sector
    case .pfn(let pfn): pfn.kind == .pfn ? .fsdax : .devdax
    case nil: .raw
    }
  }

  /// Of the info block.
  public var uuid: DeviceUUID? {
    switch block {
    case .btt(let btt): btt.uuid
    case .pfn(let pfn): pfn.uuid
    case nil: nil
    }
  }

  /// The usable part: the data area.
  public var usable: UInt64 {
    switch block {
    case .btt(let btt):
      BttLayout(size: size, blockSize: UInt64(btt.externalBlockSize), version: btt.version)?.usable ?? 0
    case .pfn: data.length
    case nil: size
    }
  }

  /// The data of a fsdax, devdax or raw namespace.
  public var data: Extent {
    guard case .pfn(let pfn) = block else { return Extent(offset: 0, length: size) }
    let (begin, overflow) = pfn.dataOffset.addingReportingOverflow(UInt64(pfn.startPad))
    guard !overflow, begin <= size else { return Extent(offset: size, length: 0) }
    return Extent(offset: begin, length: size - begin - min(size - begin, UInt64(pfn.endTruncation)))
  }

  /// The content that its users would see if it were enabled.
  ///
  /// - Parameter raw: The namespace below its mode.
  /// - Returns: The bytes of its data area.
  /// - Throws: `DeviceError.Code.corrupt` if a BTT is damaged.
  public func content(_ raw: any ByteSource) throws(DeviceError) -> any ByteSource {
    switch block {
    case .btt(let btt): try BttReader(raw, version: btt.version)
    case .pfn: SourceSlice(raw, data)
    case nil: raw
    }
  }

  /// The namespace as it would be listed if it were enabled.
  public func described(_ namespace: Namespace) -> Namespace {
    guard let block else { return namespace }
    var described = namespace
    described.mode = mode
    described.rawUUID = namespace.uuid
    described.uuid = uuid
    described.size = ByteCount(usable)
    switch block {
    case .btt(let btt): described.sectorSize = UInt64(btt.externalBlockSize)
    case .pfn(let pfn):
      described.map = pfn.map
      described.align = pfn.align
      if pfn.kind == .dax { described.sectorSize = nil }
    }
    return described
  }
}
