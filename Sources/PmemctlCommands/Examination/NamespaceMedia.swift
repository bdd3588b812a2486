import PmemDevice
import PmemMedia

/// The media of one namespace, beside the kernel's verdict on it.
struct NamespaceMedia {
  private let namespace: Namespace
  private let probe: NamespaceProbe
  private let label: NamespaceLabel?
  /// The original info block, if its checksum proves it.
  let repaired: PfnInfoBlock?
  /// For a BTT without its first info block: the rest of it.
  private let hasBtt: Bool
  /// Why the info block could not be read; nil if it could.
  private let readFailure: DeviceError?

  init(_ namespace: Namespace, _ raw: any ByteSource, label: NamespaceLabel?, host: HostFacts) {
    self.namespace = namespace
    self.label = label
    probe = NamespaceProbe(
      raw,
      NamespaceProbe.Subject(
        uuid: namespace.labelUUID, claimClass: label.map(\.claimClass) ?? ClaimClass.none,
        start: namespace.resource ?? 0, host: host))
    var bytes: [UInt8]?
    var failure: DeviceError?
    do throws(DeviceError) {
      bytes = try raw.read(at: PfnInfoBlock.offset, count: PfnInfoBlock.size)
    } catch { failure = error }
    readFailure = failure
    repaired = bytes.flatMap(PfnInfoBlock.repaired).flatMap {
      $0.parentUUID == namespace.labelUUID ?? .null ? $0 : nil
    }
    if case .raw = probe.verdict, repaired == nil {
      hasBtt = label != nil && ((try? BttCheck.hasRemains(raw, label: namespace.labelUUID)) ?? false)
    } else {
      hasBtt = false
    }
  }

  /// The label's claim; nil if it has none.
  private var labelMode: NamespaceMode? {
    switch label?.claimClass {
    case .pfn: .fsdax
    case .dax: .devdax
    case .btt, .btt2: .sector
    case .some(.none), nil: nil
    }
  }

  /// The problem, and the kernel's verdict; nil if there is none.
  var trouble: String? {
    switch probe.verdict {
    case .claimed(let block, _):
      guard isRawAllTheSame else { return nil }
      return
        "its \(mode(of: block)) info block is good, but it is presented as raw: either that was asked for, or the "
        + "block could not be read when it was enabled"
    case .refused(let refusal):
      return
        "the kernel refuses its info block, and leaves it disabled (error \(refusal.errno): \(refusal.text))"
    case .stuck(let block, let refusal):
      return "it is \(mode(of: block)), and the kernel does not enable it: \(refusal.text)"
    case .raw: return silent
    }
  }

  /// Whether the kernel rejected an info block that it would accept now: `force_raw` was set, or reading the block
  /// failed (drivers/nvdimm/pmem.c:nd_pmem_probe continues as raw after every error of its claims but EOPNOTSUPP).
  private var isRawAllTheSame: Bool {
    if case .claimed = probe.verdict { namespace.isEnabled && namespace.mode == .raw } else { false }
  }

  private func mode(of block: NamespaceIdentity.Block) -> NamespaceMode {
    switch block {
    case .btt: .sector
    case .pfn(let pfn): pfn.kind == .pfn ? .fsdax : .devdax
    }
  }

  private var silent: String? {
    let raw = namespace.isEnabled ? "is presented as raw" : "would be presented as raw"
    if let readFailure { return "its info block cannot be read, so it \(raw): \(readFailure.summary)" }
    if let ignored = probe.ignored.first {
      switch ignored.reason {
      case .damaged(let error): return "its \(ignored.mode) info block is damaged (\(error)), so it \(raw)"
      case .parent(let parent):
        // Remnants of an earlier namespace are no damage, unless the label requires an info block.
        guard labelMode != nil else { return nil }
        return "its \(ignored.mode) info block names another namespace, \(parent), so it \(raw)"
      case .claimClass:
        guard let labelMode else { return nil }
        return "its label says \(labelMode), its info block \(ignored.mode), so it \(raw)"
      }
    }
    if repaired != nil { return "its info block has lost its signature, so it \(raw)" }
    if hasBtt { return "its first BTT info block is lost, so it \(raw): its sectors are in another order" }
    guard let labelMode else { return nil }
    return "its label says \(labelMode), but no info block is there, so it \(raw)"
  }

  /// The data area, as far as it is known.
  var data: Extent? {
    if let repaired {
      let begin = repaired.dataOffset &+ UInt64(repaired.startPad)
      let end = UInt64(repaired.endTruncation)
      let size = namespace.rawSize.rawValue
      return begin < size && end < size - begin ? Extent(offset: begin, length: size - begin - end) : nil
    }
    return nil
  }

  var suggestions: [Suggestion] {
    if isRawAllTheSame {
      return ["pmemctl namespace disable \(namespace.dev) && pmemctl namespace enable \(namespace.dev)"]
    }
    if repaired != nil { return ["pmemctl infoblock repair \(namespace.dev)"] }
    if hasBtt || labelMode == .sector {
      return ["pmemctl namespace check --repair --force \(namespace.dev)"]
    }
    switch probe.verdict {
    case .refused: return ["pmemctl infoblock read \(namespace.dev)"]
    case .stuck: return ["pmemctl namespace check --repair \(namespace.dev)"]
    case .raw, .claimed: return ["pmemctl undo list"]
    }
  }
}
