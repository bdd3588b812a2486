import PmemDevice
import PmemMedia

/// A namespace device as the simulated kernel holds it in memory.
struct SimNamespace: Hashable {
  /// The Y of `namespaceX.Y`.
  var id: Int
  /// nil for an idle device, and on a label-less region.
  var uuid: DeviceUUID?
  /// Kept by the kernel when a namespace is destroyed, until the device goes.
  var name = ""
  /// From the region's start; no meaning while ``size`` is 0.
  var offset: UInt64 = 0
  var size: UInt64 = 0
  /// 0: never set, shown as 512.
  var sectorSize: UInt64 = 0
  /// nil: the label names one that the kernel does not know, and no claim may have the namespace.
  var claimClass: ClaimClass? = ClaimClass.none
  var claim: SimClaim?
  /// Whether a driver is bound, its own or its claim's.
  var isEnabled = false

  init(id: Int) { self.id = id }
}

/// A btt, pfn or dax device that claims a namespace.
struct SimClaim: Hashable {
  enum Kind: String {
    case pfn, dax, btt
  }

  var kind: Kind
  /// The Y of `pfnX.Y`.
  var id: Int
  var uuid: DeviceUUID
  /// fsdax and devdax: the location of the memory map, and the alignment.
  var map: MapLocation = .none
  var align: UInt64 = 0
  /// Sector mode: the block size.
  var blockSize: UInt64 = 0
  /// For an enabled claim: usable bytes, and their start in the namespace, behind the padding that old kernels need.
  var usable: UInt64 = 0
  var startPad: UInt64 = 0
  var dataOffset: UInt64 = 0
  /// For an enabled devdax claim: the driver of its DAX device; nil if none is bound.
  var device: DaxDevice.Mode? = .devdax
  /// Of system-ram that is online: which zone it is in.
  var zone: Zone?

  enum Zone: String {
    case movable, kernel
  }
}

/// A region as the simulated kernel holds it in memory.
struct SimRegion: Hashable {
  var isEnabled = false
  var namespaces: [SimNamespace] = []
  /// Id of the seed, the device of the next namespace; nil if there is none.
  var seed: Int?
  /// Ids of the btt, pfn and dax devices that the next claim will take.
  var claimSeeds: [SimClaim.Kind: Int] = [:]

  /// The lowest number that no namespace device has (ida_alloc).
  var freeNamespaceID: Int { Self.lowest(notIn: namespaces.map(\.id)) }

  func freeClaimID(_ kind: SimClaim.Kind) -> Int {
    let claimed = namespaces.compactMap(\.claim).filter { $0.kind == kind }.map(\.id)
    return Self.lowest(notIn: claimed + (claimSeeds[kind].map { [$0] } ?? []))
  }

  private static func lowest(notIn used: [Int]) -> Int {
    let used = Set(used)
    var id = 0
    while used.contains(id) { id += 1 }
    return id
  }
}
