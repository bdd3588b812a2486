import PmemDevice
import Testing

/// What is reported of CXL, on values: one thing wrong at a time.
@Suite struct CxlDiagnosisTests {
  /// Two devices, whose memory is one region that libnvdimm has.
  private static func machine() -> Inventory {
    let memdevs = (0...1).map { number in
      CxlMemdev(
        dev: "mem\(number)", host: "0000:0d:00.\(number)", serial: 4097 + UInt64(number),
        pmemSize: .mebibytes(512),
        ramSize: .zero, dimm: "nmem\(number)",
        endpoint: CxlEndpoint(
          dev: "endpoint\(number + 2)",
          decoders: [
            CxlDecoder(
              dev: "decoder\(number + 2).0", kind: .pmem, dpaStart: 0, dpaSize: .mebibytes(512),
              region: "region0")
          ]))
    }
    let region = CxlRegion(
      dev: "region0", window: "decoder0.0", kind: .pmem, size: .gibibytes(1), resource: 1 << 33, ways: 2,
      granularity: 4096, isCommitted: true,
      members: (0...1).map { CxlMember(position: $0, decoder: "decoder\($0 + 2).0", memdev: "mem\($0)") },
      bridge: .pmem(isBound: true))
    let window = CxlWindow(
      dev: "decoder0.0", root: "root0", start: 1 << 33, size: .gibibytes(4), ways: 1, granularity: 256,
      targets: [12], kinds: [.pmem, .ram], regions: [region])
    let nd = Region(
      id: 0, size: .gibibytes(1), resource: 1 << 33, align: 16 << 20, availableSize: .zero,
      maxAvailableExtent: .zero,
      mappings: (0...1).map { RegionMapping(dimm: "nmem\($0)", offset: 0, length: 512 << 20, position: $0) })
    let dimms = (0...1).map { number in
      DIMM(dev: "nmem\(number)", id: "\(4097 + number)", labels: LabelArea(availableSlots: 9, version: .v12))
    }
    return Inventory(
      host: HostFacts(kernelRelease: "6.12"),
      buses: [Bus(dev: "ndbus0", provider: "CXL", dimms: dimms, regions: [nd])],
      cxl: CxlTopology(memdevs: memdevs, windows: [window]))
  }

  private static func texts(_ change: (inout Inventory) -> Void) -> [String] {
    var inventory = machine()
    change(&inventory)
    return Diagnosis(inventory).findings.map { "\($0.severity.rawValue) \($0.subject): \($0.text)" }
  }

  @Test func aSoundMachineHasNoFinding() { #expect(Self.texts { _ in } == []) }

  @Test func aDeviceWithoutEndpointIsReported() {
    let found = Self.texts { $0.cxl.memdevs[1].endpoint = nil }
    #expect(found.count == 1 && found[0].hasPrefix("warning nmem1: no CXL port leads to mem1"), "\(found)")
  }

  @Test func memoryInNoRegionIsReportedWithTheWindowThatHasRoom() {
    let found = Self.texts {
      $0.cxl.memdevs[0].pmemSize = .mebibytes(768)
      $0.cxl.memdevs[1].ramSize = .gibibytes(1)
    }
    #expect(
      found == [
        "note nmem0: 256 MiB of the pmem of mem0 are in no CXL region: pmemctl region create --window decoder0.0 "
          + "mem0 creates a region of it alone",
        "note nmem1: 1 GiB of the ram of mem1 are in no CXL region: pmemctl region create --type ram --window decoder0.0 mem1 "
          + "creates a region of it alone",
      ])
    let full = Self.texts {
      $0.cxl.memdevs[0].pmemSize = .mebibytes(768)
      $0.cxl.windows[0].size = .gibibytes(1)
    }
    #expect(full.first?.hasSuffix("and no window has room for such memory") == true, "\(full)")
  }

  @Test func moreThanADeviceHasIsNotCalculatedWith() {
    #expect(Self.texts { $0.cxl.memdevs[0].pmemSize = .mebibytes(1) } == [])
    #expect(Self.texts { $0.cxl.memdevs[0].pmemSize = nil } == [])
  }

  @Test func aCommittedRegionWithoutNdRegionIsReported() {
    let found = Self.texts { $0.buses[0].regions = [] }
    #expect(found.count == 1 && found[0].contains("modprobe cxl_pmem"), "\(found)")
  }

  @Test func aDisabledRegionIsReportedOneThatWasNeverCompletedIsNot() {
    for change in [
      { (region: inout CxlRegion) in region.isBound = false }, { $0.isCommitted = false },
    ] {
      let disabled = Self.texts { change(&$0.cxl.windows[0].regions[0]) }
      #expect(disabled.count == 1 && disabled[0].contains("the CXL region is disabled"), "\(disabled)")
    }
    #expect(
      Self.texts {
        $0.buses[0].regions = []
        $0.cxl.windows[0].regions[0].isCommitted = false
        $0.cxl.windows[0].regions[0].members = []
      } == [])
  }

  @Test func aVolatileRegionWithoutDeviceIsReported() {
    for (bridge, word) in [
      (nil, "has no DAX device"), (.dax(isBound: false, devices: []), "modprobe dax_cxl"),
      (.dax(isBound: true, devices: []), "pmemctl device create"),
    ] as [(CxlRegion.Bridge?, String)] {
      let found = Self.texts {
        $0.buses[0].regions = []
        $0.cxl.windows[0].regions[0].kind = .ram
        $0.cxl.windows[0].regions[0].bridge = bridge
      }
      #expect(found.contains { $0.contains(word) }, "\(found)")
    }
  }

  @Test func labelsThatDifferAreReported() {
    let found = Self.texts { $0.buses[0].dimms[1].labels?.availableSlots = 7 }
    #expect(found.count == 1 && found[0].contains("nmem0 has 9 free, nmem1 has 7 free"), "\(found)")
  }

  private static func firmwareMemory(_ start: UInt64, movable: Int) -> DaxRegion {
    DaxRegion(
      id: 1, size: .gibibytes(1), align: 2 << 20, path: "/platform/hmem.1",
      devices: [
        DaxDevice(
          chardev: "dax1.0", size: .gibibytes(1), targetNode: 1, align: 2 << 20, mode: .systemRAM,
          memory: MemoryBlocks(total: 8, online: 8, movable: movable, size: 128 << 20),
          mappings: [DaxRange(pageOffset: 0, start: start, end: start + (1 << 30) - 1)])
      ])
  }

  @Test func aWindowThatFirmwareHasConfiguredIsReportedAsThat() {
    func found(_ address: UInt64, _ start: UInt64?) -> [String] {
      Self.texts {
        $0.cxl.windows[0].regions = []
        $0.cxl.windows[0].start = start
        $0.cxl.memdevs = []
        $0.otherDaxRegions = [Self.firmwareMemory(address, movable: 8)]
      }
    }
    #expect(
      found(1 << 33, 1 << 33).contains {
        $0.hasPrefix("note decoder0.0: it has no CXL region, though dax1.0")
      })
    #expect(found(1 << 40, 1 << 33) == [])
    #expect(found(1 << 33, nil) == [])
    #expect(found(1 << 33, .max) == [])
  }

  @Test(arguments: [(8, "note"), (3, "warning")]) func memoryThatWentOnlineByItselfIsReported(
    movable: Int, severity: String
  ) {
    func found(_ policy: MemoryPolicy) -> [String] {
      Self.texts {
        $0.host.memoryPolicy = policy
        $0.otherDaxRegions = [Self.firmwareMemory(1 << 40, movable: movable)]
      }
    }
    #expect(
      found(.online).contains {
        $0.hasPrefix("\(severity) dax1.0: it is the kernel's memory, 8 of 8 blocks online")
      })
    #expect(found(.offline) == [])
  }

  @Test func aRecipeIsCompleteOrNotThere() throws {
    func recipe(_ change: (inout CxlRegion) -> Void) -> CxlRecipe? {
      let cxl = Self.machine().cxl
      var region = cxl.windows[0].regions[0]
      change(&region)
      return CxlRecipe(region, in: cxl)
    }
    let whole = try #require(recipe { $0.members.swapAt(0, 1) })
    #expect(
      whole.command.joined(separator: " ")
        == "pmemctl region create --window decoder0.0 --granularity 4096 --size 1073741824 mem1 mem0")
    #expect(whole.devices == "mem1 (serial 4098), mem0 (serial 4097)")
    #expect(recipe { $0.members.removeLast() } == nil)
    #expect(recipe { $0.members[1].memdev = nil } == nil)
    #expect(recipe { $0.members[1].memdev = "mem0" } == nil)
    #expect(recipe { $0.granularity = nil } == nil)
    #expect(recipe { $0.ways = 4 } == nil)
    #expect(recipe { $0.kind = nil } == nil)
  }
}
