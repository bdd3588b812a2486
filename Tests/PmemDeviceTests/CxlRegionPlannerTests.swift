import PmemDevice
import Testing

/// Plans of CXL regions, on values: what drivers/cxl refuses is refused before the first step.
@Suite struct CxlRegionPlannerTests {
  /// Devices of 1 GiB of pmem each with two decoders, none in use, behind one host bridge; a window of 4 GiB.
  private static func machine(_ count: Int = 4) -> Inventory {
    let memdevs = (0..<count).map { number in
      CxlMemdev(
        dev: "mem\(number)", host: "0000:0d:00.\(number)", serial: 4097 + UInt64(number),
        pmemSize: .gibibytes(1), ramSize: .zero, dimm: "nmem\(number)",
        endpoint: CxlEndpoint(
          dev: "endpoint\(number + 2)", ports: ["root0", "port1"],
          decoders: (0...1).map { CxlDecoder(dev: "decoder\(number + 2).\($0)", dpaSize: .zero) }))
    }
    let window = CxlWindow(
      dev: "decoder0.0", root: "root0", start: 1 << 33, size: .gibibytes(4), ways: 1, granularity: 256,
      targets: [12], kinds: [.pmem], nextRegion: "region7")
    let dimms = (0..<count).map { DIMM(dev: "nmem\($0)", id: "\(4097 + $0)") }
    return Inventory(
      host: HostFacts(kernelRelease: "6.12"),
      buses: [Bus(dev: "ndbus0", provider: "CXL", dimms: dimms, regions: [])],
      cxl: CxlTopology(memdevs: memdevs, windows: [window]))
  }

  /// Adds a region on the first decoder of devices, as the kernel would.
  private static func add(
    _ name: String, on numbers: [Int], at address: UInt64, mebibytes: UInt64, decoder: Int = 0,
    to inventory: inout Inventory
  ) {
    for number in numbers {
      inventory.cxl.memdevs[number].endpoint?.decoders[decoder] = CxlDecoder(
        dev: "decoder\(number + 2).\(decoder)", kind: .pmem, dpaStart: 0,
        dpaSize: .mebibytes(mebibytes / UInt64(numbers.count)), region: name)
    }
    inventory.cxl.windows[0].regions.append(
      CxlRegion(
        dev: name, window: "decoder0.0", kind: .pmem, size: .mebibytes(mebibytes), resource: address,
        uuid: .random(), ways: numbers.count, granularity: 256, isCommitted: true,
        members: numbers.enumerated().map {
          CxlMember(
            position: $0.offset, decoder: "decoder\($0.element + 2).\(decoder)", memdev: "mem\($0.element)")
        },
        bridge: .pmem(isBound: true)))
  }

  private static func plan(
    _ inventory: Inventory, _ numbers: [Int], _ change: (inout CxlRegionRequest) -> Void = { _ in }
  ) throws(DeviceError) -> CxlRecipe? {
    var request = CxlRegionRequest(memdevs: numbers.map { inventory.cxl.memdevs[$0] })
    change(&request)
    let plan = try CxlRegionPlanner(inventory, inspector: ScriptedBackend()).create(request)
    guard case .createCxlRegion(let recipe)? = plan.entries.first?.step else { return nil }
    return recipe
  }

  /// A window on host bridges 12 and 28, with two devices below each.
  @Test func positionsAreTheHostBridgesInTurn() throws {
    var inventory = Self.machine()
    for number in 0..<4 { inventory.cxl.memdevs[number].endpoint?.target = number < 2 ? 28 : 12 }
    (inventory.cxl.windows[0].ways, inventory.cxl.windows[0].targets) = (2, [12, 28])
    #expect(try Self.plan(inventory, [2, 0])?.members.map(\.memdev) == ["mem2", "mem0"])
    #expect(try Self.plan(inventory, [2, 0, 3, 1])?.members.count == 4)
    func refusal(_ numbers: [Int]) throws -> DeviceError {
      try #require(throws: DeviceError.self) { try Self.plan(inventory, numbers) }
    }
    let turned = try refusal([0, 2])
    #expect(turned.summary == "mem0 cannot have position 0 in decoder0.0" && turned.errno == 6)
    #expect(turned.suggestions == ["pmemctl region create --window decoder0.0 mem2 mem0"])
    // Both are below the same one: no order helps.
    #expect(try refusal([2, 3]).suggestions.isEmpty)
    // Unless another window is theirs.
    inventory.cxl.windows.append(
      CxlWindow(
        dev: "decoder0.1", root: "root0", start: 1 << 40, size: .gibibytes(4), ways: 1, granularity: 256,
        targets: [12], kinds: [.pmem], nextRegion: "region8"))
    #expect(try Self.plan(inventory, [2, 3])?.window == "decoder0.1")
    #expect(try Self.plan(inventory, [2, 0])?.window == "decoder0.0")
  }

  private static func refusal(
    _ numbers: [Int], _ request: (inout CxlRegionRequest) -> Void = { _ in },
    on machine: (inout Inventory) -> Void = { _ in }
  ) -> String {
    var inventory = Self.machine()
    machine(&inventory)
    do throws(DeviceError) {
      _ = try plan(inventory, numbers, request)
      return ""
    } catch { return "\(error.errno ?? 0): \(error.summary)" }
  }

  // MARK: Creating

  @Test(arguments: [[0], [1, 0], [3, 1, 2, 0]])
  func allThatIsFreeIsTakenInTheOrderGiven(numbers: [Int]) throws {
    let mebibytes = UInt64(numbers.count) * 1024
    let recipe = try #require(try Self.plan(Self.machine(), numbers))
    #expect(recipe.size == .mebibytes(mebibytes))
    #expect(recipe.members.map(\.memdev) == numbers.map { "mem\($0)" })
    #expect(recipe.region == "region7" && recipe.granularity == 256 && recipe.uuid != nil)
  }

  @Test func theWindowBoundsWhatIsTaken() throws {
    var inventory = Self.machine()
    inventory.cxl.windows[0].size = .mebibytes(1536)
    #expect(try Self.plan(inventory, [0, 1])?.size == .mebibytes(1536))
    #expect(try Self.plan(inventory, [0, 1, 2, 3])?.size == .gibibytes(1))
  }

  /// hdm.c:cxl_dpa_free: what is allocated behind all regions can be freed, what is before one cannot.
  @Test func memoryThatIsAllocatedAndInNoRegionIsUsed() throws {
    var inventory = Self.machine()
    inventory.cxl.memdevs[0].endpoint?.decoders[0].dpaSize = .mebibytes(512)
    inventory.cxl.memdevs[0].endpoint?.decoders[0].kind = .pmem
    #expect(try Self.plan(inventory, [0])?.size == .gibibytes(1))
    inventory.cxl.memdevs[0].endpoint?.decoders.append(
      CxlDecoder(dev: "decoder2.2", dpaSize: .zero))
    Self.add("region1", on: [0], at: 1 << 33, mebibytes: 256, decoder: 1, to: &inventory)
    #expect(try Self.plan(inventory, [0])?.size == .mebibytes(256))
  }

  @Test func aSecondRegionTakesWhatTheFirstLeft() throws {
    var inventory = Self.machine()
    Self.add("region1", on: [0], at: 1 << 33, mebibytes: 256, to: &inventory)
    #expect(try Self.plan(inventory, [0])?.size == .mebibytes(768))
  }

  @Test func devicesThatCannotBeInterleaved() {
    #expect(Self.refusal([0, 0]).contains("mem0 is named twice"))
    // Three are one times three host bridges, and no power of two.
    #expect(Self.refusal([0, 1, 2]).contains("22: no window takes a region of pmem with 3 devices"))
    #expect(Self.refusal([0, 1, 2], on: { $0.cxl.windows[0].ways = 3 }) == "")
  }

  @Test func sizesThatDoNotFit() {
    func refused(_ size: ByteCount) -> String { Self.refusal([0, 1], { $0.size = size }) }
    #expect(refused(.mebibytes(256)).contains("22: --size: it is a multiple of 512 MiB"))
    #expect(refused(.zero).contains("22: --size"))
    #expect(refused(.gibibytes(3)).contains("28: 3 GiB are 1.50 GiB of each device: mem0 has 1 GiB"))
    #expect(
      Self.refusal([0, 1], { $0.size = .gibibytes(2) }, on: { $0.cxl.windows[0].size = .gibibytes(1) })
        .contains("28: decoder0.0 has 1 GiB in one piece"))
  }

  @Test func granularitiesThatAreNone() {
    func refused(_ granularity: UInt64, _ bridges: Int) -> String {
      Self.refusal([0, 1], { $0.granularity = granularity }, on: { $0.cxl.windows[0].ways = bridges })
    }
    #expect(refused(300, 1).contains("a power of two"))
    #expect(refused(1 << 15, 1).contains("a power of two"))
    #expect(refused(4096, 1) == "")
    #expect(refused(4096, 2).contains("its regions have the same granularity"))
    #expect(refused(256, 2) == "")
  }

  @Test func devicesThatCannotBeUsed() {
    func refused(_ change: (inout CxlMemdev) -> Void) -> String {
      Self.refusal([1, 0], on: { change(&$0.cxl.memdevs[0]) })
    }
    #expect(refused { $0.endpoint = nil }.contains("no CXL port leads to it"))
    #expect(refused { $0.isBound = false }.contains("no CXL port leads to it"))
    #expect(refused { $0.security = "locked" }.contains("it is locked"))
    #expect(refused { $0.dimm = nil }.contains("modprobe cxl_pmem"))
    #expect(
      Self.refusal([0], { $0.kind = .pmem }, on: { $0.cxl.memdevs[0].pmemSize = .zero }).contains(
        "it has no pmem"))
    #expect(
      Self.refusal(
        [0], { $0.kind = .pmem },
        on: { inventory in
          Self.add("region1", on: [0], at: 1 << 33, mebibytes: 256, to: &inventory)
          Self.add(
            "region2", on: [0], at: (1 << 33) + (256 << 20), mebibytes: 256, decoder: 1, to: &inventory)
        }
      ).contains("16: cannot create a region on mem0: all of its 2 decoders are in use, by region1, region2"))
  }

  @Test func decodersAreUsedInTheOrderOfAddresses() {
    // The lower half of the window is free, and a region of the same host bridge is above it.
    let refusal = Self.refusal(
      [1],
      on: { inventory in
        Self.add("region1", on: [0], at: 3 << 32, mebibytes: 512, to: &inventory)
        inventory.cxl.windows[0].size = .gibibytes(5)
      })
    #expect(refusal.contains("16: decoder0.0 has room below region1 only"), "\(refusal)")
  }

  @Test func windowsAreNamedOrChosen() {
    #expect(Self.refusal([0]) { $0.window = "decoder9.9" }.contains("there is no window decoder9.9"))
    #expect(
      Self.refusal([0], { $0.kind = .pmem }, on: { $0.cxl.windows[0].kinds = [.ram] })
        .contains("no window takes a region of pmem"))
    #expect(
      Self.refusal([0], { $0.window = "decoder0.0" }, on: { $0.cxl.windows[0].kinds = [.ram] })
        .contains("takes no pmem"))
  }

  // MARK: Removing

  private static func destroy(_ inventory: Inventory, _ names: [String]) throws(DeviceError) -> Plan {
    let listed = try NameResolver(inventory).listedRegions(names, onBus: nil)
    return try CxlRegionPlanner(inventory, inspector: ScriptedBackend()).destroy(listed)
  }

  @Test func theLastAllocationGoesFirst() throws {
    var inventory = Self.machine()
    Self.add("region1", on: [0], at: 1 << 33, mebibytes: 256, to: &inventory)
    Self.add("region2", on: [0], at: (1 << 33) + (256 << 20), mebibytes: 256, decoder: 1, to: &inventory)
    let error = #expect(throws: DeviceError.self) { try Self.destroy(inventory, ["region1"]) }
    #expect(error?.summary == "cannot remove region1: region2 has memory of mem0 behind it")
    #expect(try Self.destroy(inventory, ["region2"]).entries.map(\.step) == [.destroyCxlRegion("region2")])
    #expect(
      try Self.destroy(inventory, ["region1", "region2"]).entries.map(\.step)
        == [.destroyCxlRegion("region2"), .destroyCxlRegion("region1")])
  }

  @Test func whatIsVolatileIsLost() throws {
    var inventory = Self.machine()
    Self.add("region1", on: [0], at: 1 << 33, mebibytes: 256, to: &inventory)
    inventory.cxl.windows[0].regions[0].kind = .ram
    inventory.cxl.windows[0].regions[0].bridge = .dax(isBound: true, devices: ["dax1.0"])
    inventory.otherDaxRegions = [
      DaxRegion(
        id: 1, size: .mebibytes(256), align: 2 << 20,
        devices: [
          DaxDevice(chardev: "dax1.0", size: .mebibytes(256), targetNode: 0, align: 2 << 20, mode: .devdax)
        ])
    ]
    let plan = try Self.destroy(inventory, ["region1"])
    #expect(plan.entries.map(\.step.target) == ["dax1.0", "region1"])
    #expect(plan.facts.map(\.label) == ["CXL", "lost"] && plan.facts[1].note.contains("--type ram"))
  }

  @Test func whatIsNoCxlRegionOrUnknownIsRefused() throws {
    var inventory = Self.machine()
    Self.add("region1", on: [0], at: 1 << 33, mebibytes: 256, to: &inventory)
    inventory.buses[0].regions = [
      Region(
        id: 5, size: .gibibytes(1), resource: 0, align: 1 << 24, availableSize: .zero,
        maxAvailableExtent: .zero)
    ]
    #expect(throws: DeviceError.self) { try Self.destroy(inventory, ["region5"]) }
    inventory.cxl.windows[0].regions[0].members[0].memdev = nil
    #expect(throws: DeviceError.self) { try Self.destroy(inventory, ["region1"]) }
    // One that a tool has left in the middle of creating it has nothing on it.
    inventory.cxl.windows[0].regions[0] = CxlRegion(
      dev: "region1", window: "decoder0.0", kind: .pmem, isCommitted: false, isBound: false)
    #expect(
      try Self.destroy(inventory, ["region1"]).entries.map(\.text)
        == ["remove region1, which was never completed"])
  }

  @Test func aRecipeIsFoundAgainBySerialNumbers() throws {
    let recipe = try #require(try Self.plan(Self.machine(), [1, 0]))
    var later = Self.machine()
    later.cxl.memdevs[0].dev = "mem1"
    later.cxl.memdevs[1].dev = "mem0"
    later.cxl.windows[0].nextRegion = "region9"
    let found = try #require(recipe.present(in: later.cxl))
    #expect(found.members.map(\.memdev) == ["mem0", "mem1"] && found.region == "region9")
    #expect(found.isSame(as: recipe))
    later.cxl.memdevs.removeFirst()
    #expect(recipe.present(in: later.cxl) == nil)
  }
}
