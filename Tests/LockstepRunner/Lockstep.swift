import PmemDevice

/// Two machines that get the same changes, and must answer and look the same after each.
struct Lockstep {
  let kernel: any DeviceBackend
  let simulated: any DeviceBackend
  private(set) var inventory: Inventory
  /// The only bus of the kernel that is looked at; all if nil.
  private let bus: String?
  /// Reads the CXL of the kernel; it is not looked at if nil.
  private let cxl: (() -> CxlTopology)?

  init(
    kernel: any DeviceBackend, simulated: any DeviceBackend, onlyBus bus: String? = nil,
    cxl: (() -> CxlTopology)? = nil
  ) throws(DeviceError) {
    self.kernel = kernel
    self.simulated = simulated
    self.bus = bus
    self.cxl = cxl
    inventory = try Self.inventory(kernel, bus, cxl)
  }

  private static func inventory(
    _ kernel: any DeviceBackend, _ bus: String?, _ cxl: (() -> CxlTopology)?
  ) throws(DeviceError) -> Inventory {
    var inventory = try kernel.inventory(.planning)
    if let bus { inventory.buses.removeAll { $0.dev != bus } }
    if let cxl { inventory.cxl = cxl() }
    return inventory
  }

  /// What the machines differ in at the moment; empty where they are alike.
  mutating func differences() throws(DeviceError) -> [String] {
    inventory = try Self.inventory(kernel, bus, cxl)
    let simulated = try simulated.inventory(.planning)
    guard cxl == nil else {
      return Self.differences(Self.withoutPlatform(inventory), Self.withoutPlatform(simulated))
        + CxlComparison.differences(inventory.cxl, simulated.cxl)
    }
    return bus == nil
      ? Self.differences(inventory, simulated)
      : Self.differences(Self.withoutPlatform(inventory), Self.withoutPlatform(simulated))
  }

  /// Does a step on both.
  ///
  /// - Returns: Whether it was done, and how the machines differ in their answers or in what came of it.
  mutating func perform(_ step: Step) throws(DeviceError) -> (isDone: Bool, differences: [String]) {
    let (isDone, found) = Comparison.perform(step, on: kernel, step, on: simulated)
    return (isDone, found + (try differences()))
  }

  // MARK: Looks

  /// Without what the platform of one bus says of its DIMMs and of their place, which a simulated machine has its own words for.
  private static func withoutPlatform(_ inventory: Inventory) -> Inventory {
    var inventory = inventory
    for bus in inventory.buses.indices {
      let disabled = Set(inventory.buses[bus].dimms.filter { !$0.isEnabled }.map(\.dev))
      for dimm in inventory.buses[bus].dimms.indices {
        inventory.buses[bus].dimms[dimm].handle = nil
        inventory.buses[bus].dimms[dimm].physicalID = nil
        inventory.buses[bus].dimms[dimm].security = nil
      }
      for region in inventory.buses[bus].regions.indices {
        inventory.buses[bus].regions[region].targetNode = 0
        // Without a driver of the first DIMM it is the cookie of 1.1, which follows from its place.
        if inventory.buses[bus].regions[region].mappings.contains(where: { disabled.contains($0.dimm) }) {
          inventory.buses[bus].regions[region].isetID = nil
        }
        inventory.buses[bus].regions[region].mappings.sort { $0.position < $1.position }
        for namespace in inventory.buses[bus].regions[region].namespaces.indices {
          inventory.buses[bus].regions[region].namespaces[namespace].targetNode = 0
        }
      }
    }
    return inventory
  }

  private static func differences(_ left: Inventory, _ right: Inventory) -> [String] {
    compare("DIMM", left.dimms, right.dimms, \.dev)
      + compare(
        "region", left.regions.map(bare), right.regions.map(bare), \.dev)
      + compare(
        "namespace", left.namespaces.map(lasting), right.namespaces.map(lasting), \.dev)
  }

  private static func compare<Value: Equatable>(
    _ what: String, _ left: [Value], _ right: [Value], _ name: (Value) -> String
  ) -> [String] {
    let names = left.map(name) + right.map(name).filter { !left.map(name).contains($0) }
    return names.flatMap { each -> [String] in
      let theirs = left.first { name($0) == each }
      let ours = right.first { name($0) == each }
      guard theirs != ours else { return [] }
      guard let theirs, let ours else {
        return ["\(what) \(each) exists only \(theirs == nil ? "on the simulated machine" : "in the kernel")"]
      }
      return Comparison.fields(theirs, ours).map { "\(what) \(each): \($0)" }
    }
  }

  /// A region without its namespaces, which are compared by themselves, and what QEMU alone tells.
  private static func bare(_ region: Region) -> Region {
    var bare = region
    bare.namespaces = []
    bare.persistenceDomain = ""
    return bare
  }

  /// A namespace without the path of its DAX region, which a simulated machine has none of, and without the
  /// number of its claim: the kernel gives back numbers when it comes to it (ND_ASYNC).
  private static func lasting(_ namespace: Namespace) -> Namespace {
    var lasting = namespace
    lasting.daxRegion?.path = nil
    lasting.holder = namespace.holder.map { String($0.prefix(while: \.isLetter)) }
    return lasting
  }
}
