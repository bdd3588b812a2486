import PmemDevice
import Testing

/// Searches for a usable size on regions as large as they can be said to be: in steps that skip what cannot be.
@Suite struct UsableSearchTests {
  private func machine(_ size: UInt64, unit: UInt64, kernel: String) -> Inventory {
    let region = Region(
      id: 0, size: ByteCount(size), resource: 4 << 30, align: unit, availableSize: ByteCount(size),
      maxAvailableExtent: ByteCount(size), namespaceSeed: "namespace0.0",
      namespaces: [Namespace(regionID: 0, id: 0, size: .zero, rawSize: .zero)])
    return Inventory(
      host: HostFacts(kernelRelease: kernel),
      buses: [Bus(dev: "ndbus0", provider: "ACPI.NFIT", dimms: [], regions: [region])])
  }

  @Test(
    arguments: [NamespaceMode.fsdax, .devdax, .sector], ["4.20", "6.12"])
  func theLargestRegionIsSearchedAtOnce(mode: NamespaceMode, kernel: String) throws {
    let inventory = machine(1 << 50, unit: 4096, kernel: kernel)
    let wanted = ByteCount(1 << 49)
    let request = NamespaceCreateRequest(
      mode: mode, amount: .bytes(wanted), measure: .usable, regions: inventory.regions)
    let clock = ContinuousClock()
    var plan: NamespaceCreatePlan?
    let time = try clock.measure { plan = try NamespaceCreatePlanner(request, inventory: inventory).plan() }
    let proposal = try #require(plan?.proposal)
    #expect(proposal.usable >= wanted)
    #expect(time < .seconds(10), "\(time)")
  }

  /// The least size is found: the same as by trying all.
  @Test(arguments: [NamespaceMode.fsdax, .devdax, .sector], ["4.20", "5.10", "6.12"])
  func theLeastSizeIsFound(mode: NamespaceMode, kernel: String) throws {
    for unit in [UInt64(4096), 1 << 20, 16 << 20] {
      for wanted in [UInt64(5 << 20), 777 << 20, 3 << 30] {
        let inventory = machine(8 << 30, unit: unit, kernel: kernel)
        func usable(_ amount: UInt64) -> UInt64 {
          let request = NamespaceCreateRequest(
            mode: mode, amount: .bytes(ByteCount(amount)), regions: inventory.regions)
          return (try? NamespaceCreatePlanner(request, inventory: inventory).plan())?.proposal.usable.rawValue
            ?? 0
        }
        let request = NamespaceCreateRequest(
          mode: mode, amount: .bytes(ByteCount(wanted)), measure: .usable, regions: inventory.regions)
        let proposal = try NamespaceCreatePlanner(request, inventory: inventory).plan().proposal
        #expect(usable(proposal.taken.rawValue) >= wanted)
        // Of the sizes below, those that differ by little, and some far below.
        for less in [1, 2, 3, 5, 17, 100, 1000] where proposal.taken.rawValue > UInt64(less) * unit {
          #expect(usable(proposal.taken.rawValue - UInt64(less) * unit) < wanted)
        }
      }
    }
  }
}
