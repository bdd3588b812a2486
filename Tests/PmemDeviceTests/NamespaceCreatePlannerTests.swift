import PmemDevice
import Testing

@Suite struct NamespaceCreatePlannerTests {
  private func plan(
    _ inventory: Inventory, _ change: (inout NamespaceCreateRequest) -> Void = { _ in }
  ) throws -> NamespaceCreatePlan {
    var request = NamespaceCreateRequest(regions: inventory.regions)
    change(&request)
    return try NamespaceCreatePlanner(request, inventory: inventory).plan()
  }

  private func error(
    _ inventory: Inventory, _ change: (inout NamespaceCreateRequest) -> Void
  ) -> DeviceError? {
    do {
      _ = try plan(inventory, change)
      return nil
    } catch { return error as? DeviceError }
  }

  // MARK: Choosing

  @Test func theSmallestHoleThatFitsIsTaken() throws {
    let inventory = Machines.inventory(Machines.region(0), Machines.region(1, mebibytes: 1024))
    let plan = try plan(inventory) { $0.amount = .bytes(.mebibytes(512)) }
    #expect(plan.proposal.region.dev == "region1")
    #expect(plan.plan.title.contains("best fit of 2"))
  }

  @Test func theLargestHoleIsTakenForMax() throws {
    let inventory = Machines.inventory(Machines.region(0), Machines.region(1, mebibytes: 4096))
    #expect(try plan(inventory).proposal.region.dev == "region1")
  }

  @Test func tiesGoToTheLowerNodeThenTheLowerRegion() throws {
    let amount = Amount.bytes(.mebibytes(64))
    let nodes = Machines.inventory(Machines.region(0, node: 1), Machines.region(1, node: 0))
    #expect(try plan(nodes) { $0.amount = amount }.proposal.region.dev == "region1")
    let regions = Machines.inventory(Machines.region(3), Machines.region(2))
    #expect(try plan(regions) { $0.amount = amount }.proposal.region.dev == "region2")
  }

  @Test func theKernelsFirstHoleIsForeseen() throws {
    let inventory = Machines.inventory(Machines.region(0, taken: [(64, 64), (192, 64)]))
    #expect(try plan(inventory) { $0.amount = .bytes(.mebibytes(64)) }.proposal.offset == 0)
    #expect(try plan(inventory) { $0.amount = .bytes(.mebibytes(128)) }.proposal.offset == 256 << 20)
  }

  // MARK: Sizes

  @Test func usableIsTheLeastThatLeavesIt() throws {
    let inventory = Machines.inventory(Machines.region())
    let proposal = try plan(inventory) {
      $0.amount = .bytes(.mebibytes(500))
      $0.measure = .usable
    }.proposal
    #expect(proposal.taken == .mebibytes(512))
    #expect(proposal.usable == .mebibytes(502))
    #expect(proposal.overhead == .mebibytes(10))
  }

  @Test func percentIsOfTheRegionRoundedDown() throws {
    let inventory = Machines.inventory(Machines.region(mebibytes: 1000))
    let proposal = try plan(inventory) {
      $0.mode = .raw
      $0.amount = .percent(50)
    }.proposal
    #expect(proposal.taken == .mebibytes(496))
  }

  @Test func aSizeBetweenNamesItsNeighbours() {
    let error = error(Machines.inventory(Machines.region())) { $0.amount = .bytes(.mebibytes(900)) }
    #expect(
      error?.summary == "cannot create a namespace of 900 MiB on region0: it must be a multiple of 16 MiB")
    #expect(error?.details.first == "nearest: 896 MiB or 912 MiB")
    #expect(error?.suggestions == ["pmemctl namespace create --region region0 --size 896MiB"])
  }

  @Test func moreThanTheLargestHoleButLessThanAllIsExplained() {
    let inventory = Machines.inventory(Machines.region(mebibytes: 1024, taken: [(512, 64)]))
    let error = error(inventory) { $0.amount = .bytes(.mebibytes(640)) }
    #expect(error?.summary.contains("no single hole is that large") == true)
    #expect(error?.details == ["the largest free extent is 512 MiB (960 MiB free in 2 pieces)"])
    #expect(error?.suggestions == ["pmemctl namespace create --region region0 --size 512MiB"])
  }

  @Test func lessThanAMappingNeedsNamesTheLeast() {
    var region = Machines.region()
    region.align = 4096
    let error = error(Machines.inventory(region)) { $0.amount = .bytes(.mebibytes(8)) }
    #expect(error?.details.first == "the smallest that works here is 16 MiB")
    #expect(error?.suggestions == ["pmemctl namespace create --region region0 --size 16MiB"])
  }

  @Test func aSuggestionIsTheWholeCommand() {
    let error = error(Machines.inventory(Machines.region())) {
      $0.mode = .devdax
      $0.map = .mem
      $0.align = 4096
      $0.name = "it's me"
      $0.amount = .bytes(.mebibytes(17))
    }
    #expect(
      error?.suggestions.map { $0.text(on: nil, in: nil) } == [
        "pmemctl namespace create --region region0 --mode devdax --map mem --align 4KiB --name 'it'\\''s me' --size 16MiB"
      ])
  }

  @Test func whatIsSuggestedWorks() throws {
    let inventory = Machines.inventory(Machines.region(mebibytes: 3072, taken: [(96, 16), (1600, 16)]))
    for align in [UInt64(4096), 2 << 20, 1 << 30] {
      for size in stride(from: UInt64(5), to: 4000, by: 137) {
        let failure = error(inventory) {
          $0.align = align
          $0.amount = .bytes(.mebibytes(size))
        }
        guard let suggestion = failure?.suggestions.first?.commands.last?.last else { continue }
        let bytes = try ByteCount(parsing: suggestion)
        let proposal = try plan(inventory) {
          $0.align = align
          $0.amount = .bytes(bytes)
        }.proposal
        #expect(proposal.taken == bytes)
      }
    }
  }

  // MARK: Refusals

  @Test func aDisabledRegionSaysHowToEnableIt() {
    let error = error(Machines.inventory(Machines.region(enabled: false))) { _ in }
    #expect(error?.summary == "cannot create a namespace on region0: it is disabled")
    #expect(error?.suggestions == ["pmemctl region enable region0"])
  }

  @Test func aFullLabelAreaIsNamed() {
    let error = error(Machines.inventory(Machines.region(), slots: 0)) { _ in }
    #expect(error?.summary == "cannot create a namespace on region0: no label is free on nmem0")
  }

  @Test func aLostSeedSaysHowToGetAnother() {
    var region = Machines.region(taken: [(0, 64)])
    region.namespaces.removeAll(where: \.isSeed)
    region.namespaceSeed = "namespace0.1"
    let error = error(Machines.inventory(region)) { _ in }
    #expect(error?.summary.contains("has not planted a device") == true)
    #expect(
      error?.suggestions == [
        "pmemctl namespace disable namespace0.1 && pmemctl namespace enable namespace0.1"
      ])
  }

  @Test func aUUIDThatIsTakenNamesItsOwner() {
    let inventory = Machines.inventory(Machines.region(taken: [(0, 64)]))
    let uuid = inventory.namespaces.first { !$0.isSeed }?.uuid
    let error = error(inventory) { $0.uuid = uuid }
    #expect(error?.summary.contains("namespace0.1 \"old0\" has it already") == true)
  }

  @Test func aTakenNameIsOnlyAWarning() throws {
    let plan = try plan(Machines.inventory(Machines.region(taken: [(0, 64)]))) { $0.name = "old0" }
    #expect(plan.plan.warnings == ["namespace0.1 is also named \"old0\": the name alone will be ambiguous"])
  }

  @Test(arguments: [
    "", " ", " db", "db ", "a\nb", "tab\there", "all", "namespace0.1", "pmem0", "pmem0.1s", "region0",
    "dax1.0",
    "7", "0.1", "/dev/pmem0", "123e4567-e89b-12d3-a456-426614174000", String(repeating: "x", count: 64),
    String(repeating: "é", count: 32), "\u{fffd}",
  ])
  func namesThatCannotBeKeptOrFoundAreRefused(name: String) {
    let error = error(Machines.inventory(Machines.region())) { $0.name = name }
    #expect(error?.code == .usage)
  }

  @Test(arguments: [
    "db", "db 2", "pmem-log", "Ünïcödé", String(repeating: "x", count: 63), "daxter", "namespace",
  ])
  func otherNamesAreKept(name: String) throws {
    #expect(try plan(Machines.inventory(Machines.region())) { $0.name = name }.plan.entries.isEmpty == false)
  }

  @Test func wrongCombinationsAreUsageErrors() {
    let inventory = Machines.inventory(Machines.region())
    let wrong: [(inout NamespaceCreateRequest) -> Void] = [
      {
        $0.mode = .raw; $0.map = .mem
      },
      {
        $0.mode = .sector; $0.align = 4096
      }, { $0.align = 3000 },
      { $0.align = 32 << 20 },
      {
        $0.mode = .sector; $0.sectorSize = 1234
      }, { $0.sectorSize = 520 },
      { $0.amount = .bytes(.zero) }, { $0.uuid = .null },
    ]
    for change in wrong { #expect(error(inventory, change)?.code == .usage) }
  }

  @Test func addressesThatMayNotBeReadAreAQuestionOfPrivilege() {
    var region = Machines.region()
    region.resource = nil
    #expect(error(Machines.inventory(region)) { _ in }?.code == .permission)
  }
}
