import PmemDevice
import PmemMedia

/// What is on one namespace's media, beside what the kernel makes of it.
struct NamespaceMedia {
  private let namespace: Namespace
  private let probe: NamespaceProbe
  private let label: NamespaceLabel?
  /// The info block as it was, where its checksum proves that.
  let repaired: PfnInfoBlock?
  /// Of a BTT without its first info block: what is left of it.
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

  /// What the label says that it is; nil if it says nothing.
  private var labelMode: NamespaceMode? {
    switch label?.claimClass {
    case .pfn: .fsdax
    case .dax: .devdax
    case .btt, .btt2: .sector
    case .some(.none), nil: nil
    }
  }

  /// What is wrong, and what the kernel makes of it; nil if nothing is.
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

  /// Whether the kernel did not take the info block that it would take now: `force_raw` was set, or reading the block
  /// failed (drivers/nvdimm/pmem.c:nd_pmem_probe goes on as raw after every error of its claims but EOPNOTSUPP).
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
        // What an earlier namespace left there is no damage, unless the label wants one.
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

  /// Where the data are, as far as that is known.
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
