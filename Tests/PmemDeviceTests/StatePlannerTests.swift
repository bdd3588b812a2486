import PmemDevice
import Testing

@Suite struct StatePlannerTests {
  private let backend = ScriptedBackend()
  private let inventory = Machines.inventory(Machines.region(taken: [(0, 64), (64, 64)]))

  private var planner: NamespaceStatePlanner {
    NamespaceStatePlanner(inventory, inspector: backend, contents: nil)
  }
  private var namespaces: [Namespace] { inventory.namespaces.filter { !$0.isIdle } }

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
          "mount: /srv; the kernel refuses to take it away", "umount /srv", "nothing was changed",
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
    let idle = inventory.namespaces.filter(\.isIdle)
    #expect(error { _ = try planner.destroy(idle, force: true) }?.code == .notFound)
    #expect(error { _ = try planner.enable(idle) }?.code == .failed)
  }

  // MARK: Running

  @Test(arguments: 0..<3) func aFailingStepTakesBackWhatWentBefore(failing: Int) throws {
    let plan = try RegionStatePlanner(inventory, inspector: backend).disable(inventory.regions)
    backend.failsAt = plan.entries[failing].step
    let error = error { try PlanRunner(on: backend).run(plan) }
    #expect(error?.errno == 5)
    let done = plan.entries.prefix(failing)
    #expect(backend.performed == done.map(\.step) + done.reversed().flatMap(\.undo))
    #expect(
      error?.details.contains(
        failing == 0
          ? "nothing was changed" : "what was done before it was taken back; nothing remains changed") == true
    )
  }

  @Test func whatCannotBeTakenBackIsSaid() throws {
    var plan = try planner.destroy([namespaces[0]], force: true)
    // Of what is kept, the zeroed block would be put back.
    plan.saves = []
    backend.failsAt = .free(namespace: "namespace0.1")
    let error = error { try PlanRunner(on: backend).run(plan) }
    #expect(error?.details.contains { $0.contains("cannot be taken back: the first 8 KiB") } == true)
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
