/// The consumer that memory is given to, with its requirements.
public enum DaxConsumer: String, CaseIterable, Hashable, Sendable {
  /// A virtual machine's NVDIMM: one mapping of the whole.
  case qemu
  /// A storage server in user space; VFIO keeps the memory pinned.
  case spdk
  /// Memory regions that a network card reads and writes: pinned for as long as they last.
  case rdma
  /// A filesystem mounted with DAX.
  case fs

  public var mode: NamespaceMode { self == .fs ? .fsdax : .devdax }

  /// Whether it cannot do without pins that last.
  public var needsPins: Bool { self == .spdk || self == .rdma }

  /// In words, for sentences.
  public var words: String {
    switch self {
    case .qemu: "QEMU"
    case .spdk: "SPDK"
    case .rdma: "RDMA"
    case .fs: "a filesystem"
    }
  }
}

/// The options of `dax enable`; the consumer's requirements apply to those that are nil.
public struct DaxEnableRequest: Hashable, Sendable {
  public var consumer: DaxConsumer
  public var map: MapLocation?
  /// Of the mapping, bytes: 4 KiB, 2 MiB or 1 GiB.
  public var align: UInt64?
  /// Of a new namespace: nil for all that the region has.
  public var amount: Amount?
  public var name: String?
  /// Also while it is enabled (and idle).
  public var force: Bool

  public init(
    _ consumer: DaxConsumer, map: MapLocation? = nil, align: UInt64? = nil, amount: Amount? = nil,
    name: String? = nil, force: Bool = false
  ) {
    self.consumer = consumer
    self.map = map
    self.align = align
    self.amount = amount
    self.name = name
    self.force = force
  }
}
