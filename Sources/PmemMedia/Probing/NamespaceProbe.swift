public import PmemDevice

/// The kernel's verdict on a namespace when its driver binds (pmem.c:nd_pmem_probe: BTT, then PFN, then DAX), for any
/// bytes. These rules are in no other file.
public struct NamespaceProbe: Hashable, Sendable {
  /// The state of the namespace when its region is enabled.
  public enum Verdict: Hashable, Sendable {
    /// No info block counts: the namespace is raw, and enabled.
    case raw
    /// Enabled in the block's mode. `attached` is nil except for sector mode.
    case claimed(NamespaceIdentity.Block, attached: BttProbe?)
    /// An info block is refused: the namespace is disabled, and nothing claims it.
    case refused(Refusal)
    /// The probe accepted the block, and its driver does not bind: claimed and disabled.
    case stuck(NamespaceIdentity.Block, Refusal)
  }

  /// Why.
  public struct Refusal: Hashable, Sendable {
    /// The error number of the probe, as the kernel logs it: positive.
    public let errno: Int32
    public let text: String
  }

  /// An info block that is there and does not count: the kernel passes over it without a word.
  public struct Ignored: Hashable, Sendable {
    /// Why it does not count.
    public enum Reason: Hashable, Sendable {
      case damaged(MediaError)
      /// It names another namespace as its parent.
      case parent(DeviceUUID)
      /// The label is for another mode.
      case claimClass(ClaimClass?)
    }

    public let mode: NamespaceMode
    /// From the namespace's start.
    public let offset: UInt64
    public let reason: Reason
  }

  /// The namespace that is probed.
  public struct Subject: Hashable, Sendable {
    /// Of the label; nil on a label-less region.
    public var uuid: DeviceUUID?
    /// Of the label; nil if it is not known to the kernel.
    public var claimClass: ClaimClass?
    /// Physical address.
    public var start: UInt64
    public var host: HostFacts

    public init(uuid: DeviceUUID?, claimClass: ClaimClass?, start: UInt64, host: HostFacts) {
      self.uuid = uuid
      self.claimClass = claimClass
      self.start = start
      self.host = host
    }

    var parent: DeviceUUID { uuid ?? .null }

    /// btt_devs.c:nd_btt_version.
    var bttVersion: BttLayout.Version { claimClass == .btt2 ? .v2 : .v1 }
  }

  public private(set) var verdict = Verdict.raw
  public private(set) var ignored: [Ignored] = []
  private let subject: Subject

  /// Bytes that the driver maps to look for info blocks, however small the namespace is (pmem.c:nd_pmem_probe,
  /// nd_info_block_reserve).
  public static let reserve: UInt64 = 8192

  /// Probes.
  ///
  /// - Parameters:
  ///   - raw: The namespace below its mode; of one that is smaller than ``reserve``, that many bytes from its start.
  ///   - subject: Its label, its offset, and its kernel.
  ///   - size: Of the namespace, bytes; nil for that of `raw`.
  public init(_ raw: any ByteSource, _ subject: Subject, size: UInt64? = nil) {
    self.subject = subject
    if let block = btt(raw) {
      verdict = attach(block, raw)
    } else if let block = pfn(raw) {
      verdict = attach(block, size: size ?? raw.size)
    }
  }

  // MARK: BTT

  private mutating func btt(_ raw: any ByteSource) -> BttInfoBlock? {
    let version = subject.bttVersion
    guard raw.size >= 1 << 24,
      let bytes = try? raw.read(at: version.initialOffset, count: BttInfoBlock.size)
    else { return nil }
    do throws(MediaError) {
      let block = try BttInfoBlock(bytes)
      guard block.version == version else {
        throw .version(major: block.version == .v1 ? 1 : 2, minor: block.version == .v1 ? 1 : 0)
      }
      guard block.parentUUID.isNull || block.parentUUID == subject.parent else {
        ignore(.sector, at: version.initialOffset, .parent(block.parentUUID))
        return nil
      }
      guard [ClaimClass.none, .btt, .btt2].contains(subject.claimClass) else {
        ignore(.sector, at: version.initialOffset, .claimClass(subject.claimClass))
        return nil
      }
      return block
    } catch {
      if error != .signature { ignore(.sector, at: version.initialOffset, .damaged(error)) }
      return nil
    }
  }

  private func attach(_ block: BttInfoBlock, _ raw: any ByteSource) -> Verdict {
    guard block.externalBlockSize != 0 else {
      return .stuck(.btt(block), Refusal(errno: 19, text: "incomplete btt configuration: no sector size"))
    }
    do throws(BttProbe.Refusal) {
      let attached = try BttProbe(
        raw, version: subject.bttVersion, parent: subject.parent,
        isBounded: subject.host.rules.boundsMediaNumbers)
      return .claimed(.btt(block), attached: attached)
    } catch {
      return .stuck(.btt(block), Refusal(errno: error.errno, text: error.text))
    }
  }

  // MARK: PFN and DAX

  private mutating func pfn(_ raw: any ByteSource) -> PfnInfoBlock? {
    guard let bytes = try? raw.read(at: PfnInfoBlock.offset, count: PfnInfoBlock.size) else { return nil }
    do throws(MediaError) {
      let block = try PfnInfoBlock(bytes)
      let mode: NamespaceMode = block.kind == .pfn ? .fsdax : .devdax
      guard block.parentUUID == subject.parent else {
        ignore(mode, at: PfnInfoBlock.offset, .parent(block.parentUUID))
        return nil
      }
      guard [ClaimClass.none, block.kind == .pfn ? .pfn : .dax].contains(subject.claimClass),
        block.kind == .pfn || subject.host.rules.hasDeviceDax
      else {
        ignore(mode, at: PfnInfoBlock.offset, .claimClass(subject.claimClass))
        return nil
      }
      return settled(block)
    } catch {
      guard error != .signature else { return nil }
      let isDax = bytes.starts(with: PfnInfoBlock.Kind.dax.signature)
      ignore(isDax ? .devdax : .fsdax, at: PfnInfoBlock.offset, .damaged(error))
      return nil
    }
  }

  /// Before version 1.2 a block has no alignment, and its kernel requires none in particular.
  private func settled(_ block: PfnInfoBlock) -> PfnInfoBlock {
    let host = subject.host
    guard block.minorVersion < 2, host.rules.infoBlockMinor < 2 else { return block }
    var settled = block
    let data = subject.start &+ block.dataOffset &+ UInt64(block.startPad)
    settled.align = data % (2 << 20) == 0 ? 2 << 20 : host.pageSize
    return settled
  }

  private func attach(_ block: PfnInfoBlock, size: UInt64) -> Verdict {
    let host = subject.host
    if let text = block.fault(start: subject.start, size: size, host: host) {
      // Before 5.4 the namespace was raw then.
      return host.rules.refusesUnusableInfoBlocks ? .refused(Refusal(errno: 95, text: text)) : .raw
    }
    if let (errno, text) = block.attachFault(start: subject.start, size: size, host: host) {
      return .stuck(.pfn(block), Refusal(errno: errno, text: text))
    }
    return .claimed(.pfn(block), attached: nil)
  }

  private mutating func ignore(_ mode: NamespaceMode, at offset: UInt64, _ reason: Ignored.Reason) {
    ignored.append(Ignored(mode: mode, offset: offset, reason: reason))
  }
}
