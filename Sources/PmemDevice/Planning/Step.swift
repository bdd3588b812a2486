/// One primitive change. A backend performs it whole or fails; policy is in the plan that contains it.
public enum Step: Hashable, Sendable {
  /// Give an idle namespace device its identity and cut its size from the region.
  case allocate(Allocation)
  /// Attach a btt, pfn or dax device to a disabled namespace. The info block is written by ``enable(namespace:)``.
  case claim(namespace: String, Claim)
  /// Detach the claim of a disabled namespace.
  case release(namespace: String)
  /// Bind the driver: the claim's, else the namespace's own.
  case enable(namespace: String)
  /// Unbind the driver.
  case disable(namespace: String)
  /// Overwrite the first 8 KiB of a disabled namespace, where info blocks are, with zeros.
  case zeroInfoBlock(namespace: String)
  /// Give a disabled namespace's space back to its region, and its labels.
  case free(namespace: String)
  case enableRegion(String)
  case disableRegion(String)
  /// Write fresh index blocks, every slot free, to the label area of a DIMM whose regions are disabled.
  case initializeLabels(dimm: String, LabelVersion)
}

/// What ``Step/allocate(_:)`` gives to an idle namespace.
public struct Allocation: Hashable, Sendable {
  public var namespace: String
  public var uuid: DeviceUUID
  public var name: String?
  public var size: ByteCount
  /// Logical block size recorded in the label; nil leaves it to the kernel (512).
  public var sectorSize: UInt64?

  public init(
    namespace: String, uuid: DeviceUUID, name: String?, size: ByteCount, sectorSize: UInt64? = nil
  ) {
    self.namespace = namespace
    self.uuid = uuid
    self.name = name
    self.size = size
    self.sectorSize = sectorSize
  }
}

/// A personality for a namespace, with the UUID of its info block.
public enum Claim: Hashable, Sendable {
  case fsdax(map: MapLocation, align: UInt64, uuid: DeviceUUID)
  case devdax(map: MapLocation, align: UInt64, uuid: DeviceUUID)
  case sector(size: UInt64, uuid: DeviceUUID)

  public var mode: NamespaceMode {
    switch self {
    case .fsdax: .fsdax
    case .devdax: .devdax
    case .sector: .sector
    }
  }
}

extension Step {
  /// The machine-readable name, as `--dry-run --json` shows it.
  public var name: String {
    switch self {
    case .allocate: "allocate"
    case .claim: "claim"
    case .release: "release"
    case .enable: "enable"
    case .disable: "disable"
    case .zeroInfoBlock: "zero-info-block"
    case .free: "free"
    case .enableRegion: "enable-region"
    case .disableRegion: "disable-region"
    case .initializeLabels: "initialize-labels"
    }
  }

  /// What it changes, by kernel name.
  public var target: String {
    switch self {
    case .allocate(let allocation): allocation.namespace
    case .claim(let namespace, _), .release(let namespace), .enable(let namespace), .disable(let namespace),
      .zeroInfoBlock(let namespace), .free(let namespace):
      namespace
    case .enableRegion(let region), .disableRegion(let region): region
    case .initializeLabels(let dimm, _): dimm
    }
  }
}

extension Step {
  /// The step in a few words, for errors: `enable namespace0.1`.
  public var words: String {
    switch self {
    case .allocate(let allocation): "allocate \(allocation.size) as \(allocation.namespace)"
    case .claim(let namespace, let claim): "claim \(namespace) as \(claim.mode)"
    case .release(let namespace): "release \(namespace)"
    case .enable(let namespace): "enable \(namespace)"
    case .disable(let namespace): "disable \(namespace)"
    case .zeroInfoBlock(let namespace): "overwrite the info block of \(namespace)"
    case .free(let namespace): "free \(namespace)"
    case .enableRegion(let region): "enable \(region)"
    case .disableRegion(let region): "disable \(region)"
    case .initializeLabels(let dimm, let version): "initialize the labels of \(dimm) (\(version.rawValue))"
    }
  }
}
