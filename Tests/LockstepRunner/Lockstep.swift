import PmemDevice

/// Two machines that get the same changes, and must answer and look the same after each.
struct Lockstep {
  let kernel: any DeviceBackend
  let simulated: any DeviceBackend
  private(set) var inventory: Inventory

  init(kernel: any DeviceBackend, simulated: any DeviceBackend) throws(DeviceError) {
    self.kernel = kernel
    self.simulated = simulated
    inventory = try kernel.inventory(.planning)
  }

  /// What the machines differ in at the moment; empty where they are alike.
  mutating func differences() throws(DeviceError) -> [String] {
    inventory = try kernel.inventory(.planning)
    return try Self.differences(inventory, simulated.inventory(.planning))
  }

  /// Does a step on both.
  ///
  /// - Returns: Whether it was done, and how the machines differ in their answers or in what came of it.
  mutating func perform(_ step: Step) throws(DeviceError) -> (isDone: Bool, differences: [String]) {
    let (isDone, found) = Comparison.perform(step, on: kernel, step, on: simulated)
    return (isDone, found + (try differences()))
  }

  // MARK: Looks

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
