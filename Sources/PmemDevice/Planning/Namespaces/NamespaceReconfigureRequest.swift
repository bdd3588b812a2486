/// The arguments of `namespace reconfigure`: a nil property stays as it is, as far as the mode has it.
public struct NamespaceReconfigureRequest: Hashable, Sendable {
  public var mode: NamespaceMode?
  public var map: MapLocation?
  /// Bytes: 4 KiB, 2 MiB or 1 GiB.
  public var align: UInt64?
  /// Bytes of a sector, with sector mode.
  public var sectorSize: UInt64?
  public var amount: Amount?
  public var measure: SizeMeasure
  public var name: String?
  /// Of its labels.
  public var uuid: DeviceUUID?
  /// Also while it is enabled (and idle).
  public var force: Bool
  /// Also if it is already configured as requested: its info block is rewritten, and its content is lost.
  public var recreates = false

  public init(
    mode: NamespaceMode? = nil, map: MapLocation? = nil, align: UInt64? = nil, sectorSize: UInt64? = nil,
    amount: Amount? = nil, measure: SizeMeasure = .taken, name: String? = nil,
    uuid: DeviceUUID? = nil, force: Bool = false
  ) {
    self.mode = mode
    self.map = map
    self.align = align
    self.sectorSize = sectorSize
    self.amount = amount
    self.measure = measure
    self.name = name
    self.uuid = uuid
    self.force = force
  }

  /// The namespace that it asks for, as a new one would be asked for.
  ///
  /// - Parameters:
  ///   - namespace: The namespace, by its info block if it is disabled.
  ///   - region: That it is on.
  /// - Returns: Every setting that the mode has.
  /// - Throws: ``DeviceError/Code/usage`` if an option has no meaning in the mode.
  func target(_ namespace: Namespace, on region: Region) throws(DeviceError) -> NamespaceCreateRequest {
    let mode = mode ?? namespace.mode
    guard sectorSize == nil || mode == .sector else {
      throw DeviceError(
        .usage,
        "--sector-size has no meaning in \(mode) mode here: the label of \(namespace.dev) keeps its own",
        details: ["only a new namespace can have another"])
    }
    var target = NamespaceCreateRequest(mode: mode, regions: [region], isRegionGiven: true)
    target.map = map
    target.align = align
    target.sectorSize = sectorSize
    target.name = name
    target.uuid = uuid
    try target.validate()
    if mode.hasMemoryMap, namespace.mode.hasMemoryMap {
      target.map = map ?? namespace.map
      target.align = align ?? namespace.align
    }
    if mode == .sector, namespace.mode == .sector { target.sectorSize = sectorSize ?? namespace.sectorSize }
    if let amount { target.amount = amount }
    target.measure = measure
    return target
  }
}
