/// The effect of `cxl disable-region` or `cxl destroy-region` on the users of a CXL region. Neither command looks for
/// users: the kernel unbinds all devices on the region (drivers/cxl/core/region.c:cxl_region_remove and the devices
/// below it).
public struct CxlTeardown {
  private let inventory: Inventory
  public let region: CxlRegion

  public init(_ region: CxlRegion, in inventory: Inventory) {
    self.region = region
    self.inventory = inventory
  }

  /// The objects that can have users: the namespaces on it, or stand-ins for its DAX devices.
  public var namespaces: [Namespace] {
    guard let known = inventory.region(of: region) else { return inventory.standIns(on: region) }
    return known.namespaces.filter(\.isEnabled)
  }

  /// The command that recreates it; nil if a parameter is unknown.
  public var recipe: CxlRecipe? { CxlRecipe(region, in: inventory.cxl) }

  /// A line a use.
  public func lines(_ uses: [Usage]) -> [String] {
    guard !uses.isEmpty else { return [] }
    return ["cxl disable-region \(region.dev) would not refuse:"]
      + uses.map { "  \($0.kind.rawValue): \($0.text); \($0.unguardedConsequence)" }
  }
}

extension Inventory {
  /// Stand-ins for the DAX devices of a volatile region, as the subjects of their users.
  public func standIns(on region: CxlRegion) -> [Namespace] {
    let names = Set(region.daxDevices)
    guard !names.isEmpty else { return [] }
    return daxDevices.filter { $0.namespace == nil && names.contains($0.device.chardev) }.map(\.usedNamespace)
  }
}

extension Usage {
  /// The effect on the user if the memory is removed without a check, as by a tool that unbinds the region.
  public var unguardedConsequence: String {
    switch kind {
    // Measured on 6.12: "EXT4-fs (pmem2): shut down requested", and every read is EIO.
    case .mount, .superblock: "the filesystem would be shut down: every access would fail (EIO)"
    case .swap: "the pages swapped out there would be lost: their processes would be killed"
    case .holder, .loop, .held, .target: "its reads and writes would fail"
    // drivers/dax/kmem.c:dev_dax_kmem_remove.
    case .systemRAM: "the memory would stay in use, and could not be removed until the next reboot"
    case .mapping, .open, .pin, .ioUring, .rdma, .vfio, .kvm, .unseen:
      effect == .refused ? "its next use of it would fail" : consequence
    }
  }
}
