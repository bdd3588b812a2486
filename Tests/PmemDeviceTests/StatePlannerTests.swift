import PmemDevice
import Testing

@Suite struct StatePlannerTests {
  private let backend = ScriptedBackend()
  private let inventory = Machines.inventory(Machines.region(taken: [(0, 64), (64, 64)]))

  private var planner: NamespaceStatePlanner {
    NamespaceStatePlanner(inventory, inspector: backend, contents: nil)
  }
  private var namespaces: [Namespace] { inventory.namespaces.filter { !$0.isSeed } }

  private func error(_ body: () throws -> Void) -> DeviceError? {
    do { try body() } catch { return error as? DeviceError }
    return nil
  }

  @Test func destroyNeedsForceWhereOneIsEnabled() {
    let error = error { _ = try planner.destroy(namespaces, force: false) }
    #expect(error?.code == .refused)
    #expect(error?.details.contains { $0.contains("--force") } == true)
  }

  @Test func oneUserStopsAll() {
    backend.users["namespace0.2"] = [
      Usage(
        kind: .mount, namespace: "namespace0.2", path: RawText("/srv"), effect: .refused,
        advice: "umount /srv")
    ]
    for attempt in [
      error { _ = try planner.destroy(namespaces, force: true) },
      error { _ = try planner.disable(namespaces) },
      error { _ = try RegionStatePlanner(inventory, inspector: backend).disable(inventory.regions) },
    ] {
      #expect(attempt?.code == .refused)
      #expect(
        attempt?.details == [
          "mount: /srv; the kernel refuses to disable it", "umount /srv", "nothing was changed",
        ])
    }
    #expect(backend.performed.isEmpty)
  }

  @Test func destroyDisablesZeroesAndFrees() throws {
    let plan = try planner.destroy([namespaces[0]], force: true)
    #expect(
      plan.entries.map(\.step) == [
        .disable(namespace: "namespace0.1"), .zeroInfoBlock(namespace: "namespace0.1"),
        .free(namespace: "namespace0.1"),
      ])
    #expect(plan.isDestructive)
  }

  @Test func whatIsSoAlreadyIsLeftAlone() throws {
    #expect(try planner.enable(namespaces).entries.isEmpty)
    #expect(RegionStatePlanner(inventory, inspector: backend).enable(inventory.regions).entries.isEmpty)
  }

  @Test func anIdleDeviceIsNotANamespace() {
    let idle = inventory.namespaces.filter(\.isSeed)
    #expect(error { _ = try planner.destroy(idle, force: true) }?.code == .notFound)
    #expect(error { _ = try planner.enable(idle) }?.code == .failed)
  }

  // MARK: Running

  @Test(arguments: 0..<3) func withoutARecoveryAFailureSaysWhatStands(failing: Int) throws {
    let plan = try RegionStatePlanner(inventory, inspector: backend).disable(inventory.regions)
    backend.failsAt = plan.entries[failing].step
    guard case .stuck(let error, let remains) = PlanRunner(on: backend).outcome(of: plan) else {
      Issue.record("it is not stuck")
      return
    }
    #expect(error.errno == 5)
    #expect(backend.performed == plan.entries.prefix(failing).map(\.step))
    #expect(
      remains
        == (failing == 0
          ? ["nothing was read back"] : plan.entries.prefix(failing).map { "performed: \($0.text)" }))
  }

  @Test(arguments: 0..<3, [[], ["region0 is disabled"]]) func theRecoveryDecidesWhatCameOfAFailure(
    failing: Int, remains: [String]
  ) throws {
    let plan = try RegionStatePlanner(inventory, inspector: backend).disable(inventory.regions)
    backend.failsAt = plan.entries[failing].step
    let recovery = RecordedRecovery(remains: remains)
    let outcome = PlanRunner(on: backend, recovery: recovery).outcome(of: plan)
    #expect(recovery.calls == ["begin"] + plan.entries.prefix(failing).map(\.step.name) + ["restore"])
    switch outcome {
    case .rolledBack: #expect(remains.isEmpty)
    case .stuck(_, let stands): #expect(stands == remains && !remains.isEmpty)
    case .done: Issue.record("it is done")
    }
  }

  @Test func mediaAreKeptBeforeTheFirstStepThatOverwrites() throws {
    let recovery = RecordedRecovery(remains: [])
    let plan = try planner.destroy([namespaces[0]], force: true)
    #expect(PlanRunner(on: backend, recovery: recovery).outcome(of: plan) == .done)
    #expect(recovery.calls == ["begin", "disable", "willOverwrite", "zero-info-block", "free"])
  }

  @Test func aSignalStopsBetweenTwoSteps() throws {
    let recovery = RecordedRecovery(remains: [])
    let plan = try planner.destroy([namespaces[0]], force: true)
    var steps = 0
    let outcome = PlanRunner(on: backend, recovery: recovery).outcome(of: plan) {
      steps += 1
      return steps < 2
    }
    guard case .rolledBack(let error) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(error.code == .interrupted)
    #expect(recovery.calls == ["begin", "disable", "restore"])
  }
}

/// Notes what a runner asks of it.
private final class RecordedRecovery: PlanRecovery {
  private let remains: [String]
  private(set) var calls: [String] = []

  init(remains: [String]) { self.remains = remains }

  func begin() throws(DeviceError) { calls.append("begin") }
  func willOverwrite() throws(DeviceError) { calls.append("willOverwrite") }
  func didPerform(_ step: Step) { calls.append(step.name) }
  func restore() -> [String] {
    calls.append("restore")
    return remains
  }
}

@Suite struct NameResolverTests {
  private func inventory() -> Inventory {
    var region = Machines.region(taken: [(0, 64), (64, 64)])
    region.namespaces[0].blockDevice = "pmem0.1"
    region.namespaces[1].name = "twin"
    var other = Machines.region(1, taken: [(0, 64)])
    other.namespaces[0].name = "twin"
    return Machines.inventory(region, other)
  }

  @Test(arguments: ["namespace0.1", "0.1", "pmem0.1", "/dev/pmem0.1", "old0"])
  func aNamespaceHasManyNames(name: String) throws {
    #expect(try NameResolver(inventory()).namespaces([name]).map(\.dev) == ["namespace0.1"])
  }

  @Test func aUUIDIsAName() throws {
    let inventory = inventory()
    let uuid = inventory.namespaces[0].uuid?.description ?? ""
    #expect(try NameResolver(inventory).namespaces([uuid.uppercased()]).map(\.dev) == ["namespace0.1"])
  }

  @Test func aNameOfSeveralListsThem() {
    #expect(throws: DeviceError.self) { try NameResolver(inventory()).namespaces(["twin"]) }
    do { _ = try NameResolver(inventory()).namespaces(["twin"]) } catch {
      #expect(error.code == .ambiguous)
      #expect(error.details.filter { $0.contains("twin") }.count == 2)
    }
  }

  @Test func anUnknownNameSaysWhatThereIs() {
    do {
      _ = try NameResolver(inventory()).namespaces(["nosuch"])
      Issue.record("it was found")
    } catch {
      #expect(error.code == .notFound)
      #expect(error.details.first?.contains("namespace0.1") == true)
    }
  }

  @Test func allMeansEveryConfiguredOneOnce() throws {
    let names = try NameResolver(inventory()).namespaces(["all", "namespace0.1"]).map(\.dev)
    #expect(names == ["namespace0.1", "namespace0.2", "namespace1.1"])
  }

  @Test func regionsAndBusesAnswerToNumbers() throws {
    let resolver = NameResolver(inventory())
    #expect(try resolver.regions(["1"]).map(\.dev) == ["region1"])
    #expect(try resolver.buses(["ACPI.NFIT"]).map(\.dev) == ["ndbus0"])
    #expect(try resolver.dimms(["nmem1"]).map(\.dev) == ["nmem1"])
    #expect(throws: DeviceError.self) { try resolver.regions(["region9"]) }
    #expect(throws: DeviceError.self) { try resolver.regions([], onBus: "e820") }
  }
}
