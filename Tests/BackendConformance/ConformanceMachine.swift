public import PmemDevice

/// The machine that a conformance case works on: a backend whose labelled regions are empty when it begins.
public final class ConformanceMachine {
  public let backend: any DeviceBackend & UsageInspector
  let stage: any ConformanceStage

  /// Empties every labelled region of the backend's machine.
  public init(_ backend: any DeviceBackend & UsageInspector, stage: any ConformanceStage) throws {
    self.backend = backend
    self.stage = stage
    try reset()
  }

  func reset() throws {
    for region in try inventory().regions where !region.isEnabled { try perform(.enableRegion(region.dev)) }
    let inventory = try inventory()
    let labeled = inventory.regions.filter(\.isLabeled).flatMap(\.configuredNamespaces)
    try PlanRunner(on: backend).run(
      try NamespaceStatePlanner(inventory, inspector: backend, contents: nil).destroy(labeled, force: true))
  }

  func inventory() throws -> Inventory { try backend.inventory(.planning) }

  func perform(_ step: Step) throws { try backend.perform(step) }

  /// The first region that can be divided.
  func region() throws -> Region {
    guard let region = try inventory().regions.first(where: \.isLabeled) else {
      throw ConformanceFailure("the machine has no labelled region")
    }
    return region
  }

  func region(_ id: Int) throws -> Region {
    guard let region = try inventory().regions.first(where: { $0.id == id }) else {
      throw ConformanceFailure("region\(id) is gone")
    }
    return region
  }

  func namespace(_ dev: String) throws -> Namespace {
    guard let namespace = try inventory().namespaces.first(where: { $0.dev == dev }) else {
      throw ConformanceFailure("\(dev) is not there")
    }
    return namespace
  }

  /// Plans and creates; gives the proposal and what became of it.
  func create(_ request: NamespaceCreateRequest) throws -> (NamespaceProposal, Namespace) {
    let plan = try NamespaceCreatePlanner(request, inventory: inventory()).plan()
    try PlanRunner(on: backend).run(plan.plan)
    return (plan.proposal, try namespace(plan.proposal.namespace.dev))
  }

  func create(_ mode: NamespaceMode, mebibytes: UInt64, name: String? = nil) throws -> Namespace {
    try create(
      NamespaceCreateRequest(
        mode: mode, amount: .bytes(.mebibytes(mebibytes)), name: name, regions: [region()],
        isRegionGiven: true)
    ).1
  }

  /// Allocates without any claim, as a first step of a plan would.
  func allocate(_ bytes: UInt64, uuid: DeviceUUID = .random()) throws -> String {
    guard let seed = try region().nextNamespace else { throw ConformanceFailure("there is no seed") }
    try perform(
      .allocate(
        Allocation(namespace: seed.dev, uuid: uuid, name: nil, size: ByteCount(bytes), sectorSize: 512)))
    return seed.dev
  }

  /// A namespace without the number of its claim, which may be another each time it is enabled.
  static func lasting(_ namespace: Namespace) -> Namespace {
    var lasting = namespace
    lasting.holder = nil
    lasting.daxRegion?.path = nil
    return lasting
  }

  // MARK: Expectations

  func expect(_ condition: Bool, _ text: @autoclosure () -> String) throws {
    guard condition else { throw ConformanceFailure(text()) }
  }

  func expectEqual<Value: Equatable>(_ got: Value, _ expected: Value, _ what: String) throws {
    try expect(got == expected, "\(what): expected \(expected), got \(got)")
  }

  /// Expects a refusal with one of these error numbers, and that nothing changed.
  func expectErrno(_ allowed: Int32..., what: String, _ body: () throws -> Void) throws {
    let before = try inventory()
    do {
      try body()
    } catch let error as DeviceError {
      guard let errno = error.errno, allowed.contains(errno) else {
        throw ConformanceFailure(
          "\(what): expected error \(allowed), got \(error.errno ?? 0): \(error.summary)")
      }
      try expect(try inventory() == before, "\(what): something was changed")
      return
    }
    throw ConformanceFailure("\(what): it succeeded")
  }
}

/// What a backend does not do as it should.
public struct ConformanceFailure: Error, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}
