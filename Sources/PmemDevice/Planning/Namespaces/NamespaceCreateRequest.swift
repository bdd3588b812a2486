/// The arguments of `namespace create`, as typed, with nothing decided yet.
public struct NamespaceCreateRequest: Hashable, Sendable {
  public var mode: NamespaceMode
  /// nil: on the device, as ndctl does.
  public var map: MapLocation?
  /// nil: the largest page size that the region supports up to 2 MiB.
  public var align: UInt64?
  /// nil: 4096 for sector mode, else 512.
  public var sectorSize: UInt64?
  public var amount: Amount
  public var measure: SizeMeasure
  public var name: String?
  /// For the label; the info block's is always new.
  public var uuid: DeviceUUID?
  /// Regions that may be used, best first decided by the planner.
  public var regions: [Region]
  /// Whether the person named the region: then its own trouble is the answer.
  public var isRegionGiven: Bool
  /// Also when a label-less region's namespace is enabled (and idle).
  public var force: Bool

  public init(
    mode: NamespaceMode = .fsdax, map: MapLocation? = nil, align: UInt64? = nil, sectorSize: UInt64? = nil,
    amount: Amount = .max, measure: SizeMeasure = .taken, name: String? = nil, uuid: DeviceUUID? = nil,
    regions: [Region], isRegionGiven: Bool = false, force: Bool = false
  ) {
    self.mode = mode
    self.map = map
    self.align = align
    self.sectorSize = sectorSize
    self.amount = amount
    self.measure = measure
    self.name = name
    self.uuid = uuid
    self.regions = regions
    self.isRegionGiven = isRegionGiven
    self.force = force
  }

  /// The longest name that a label holds, in bytes (NSLABEL_NAME_LEN less the terminating NUL).
  public static let longestName = 63

  /// Checks what can be checked without a machine.
  public func validate() throws(DeviceError) {
    if let name { try Self.validate(name: name) }
    if map == MapLocation.none {
      throw DeviceError(.usage, "--map takes mem or dev")
    }
    if map != nil, !mode.hasMemoryMap {
      throw DeviceError(.usage, "--map has no meaning in \(mode) mode: it has no memory map")
    }
    if align != nil, !mode.hasMemoryMap {
      throw DeviceError(.usage, "--align has no meaning in \(mode) mode: only fsdax and devdax are mapped")
    }
    if let align, align == 0 || align & (align - 1) != 0 {
      throw DeviceError(
        .usage, "alignment \(align) is not a power of two", details: ["use 4KiB, 2MiB or 1GiB"])
    }
    if case .bytes(let size) = amount, size == .zero {
      throw DeviceError(.usage, "a namespace of size 0 cannot be created")
    }
    if let uuid, uuid.isNull {
      throw DeviceError(.usage, "the null UUID is not valid: leave --uuid out for a random one")
    }
  }

  /// Checks a name that is to be given.
  public static func validate(name: String) throws(DeviceError) {
    let bytes = name.utf8.count
    guard bytes <= longestName else {
      throw DeviceError(
        .usage, "the name is \(bytes) bytes long: a label holds at most \(longestName)")
    }
    guard !name.isEmpty, name.first?.isWhitespace == false, name.last?.isWhitespace == false else {
      throw DeviceError(
        .usage, "a name must not be empty, nor begin or end with a space: the kernel trims it")
    }
    guard !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
      throw DeviceError(.usage, "a name must not contain control characters")
    }
    guard !name.contains("\u{fffd}") else {
      throw DeviceError(.usage, "the name is not valid UTF-8")
    }
    guard name != "all", !looksLikeKernelName(name), DeviceUUID(name) == nil else {
      throw DeviceError(
        .usage, "\"\(name)\" cannot be a name: it could be mistaken for a kernel name, a UUID or \"all\"")
    }
  }

  private static func looksLikeKernelName(_ name: String) -> Bool {
    if name.hasPrefix("/dev/") { return true }
    let prefixes = ["namespace", "region", "ndbus", "nmem", "pmem", "dax", ""]
    return prefixes.contains { prefix in
      guard name.hasPrefix(prefix) else { return false }
      let rest = name.dropFirst(prefix.count).drop(while: { $0.isASCII && $0.isNumber })
      guard rest.count < name.count - prefix.count else { return false }
      let tail = rest.drop { ".s".contains($0) || ($0.isASCII && $0.isNumber) }
      return tail.isEmpty
    }
  }
}
