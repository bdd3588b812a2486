import PmemDevice
import PmemMedia
import SystemPackage
import TestSupport
import Testing

@testable import PmemSim

/// CXL regions of a simulated machine, and what libnvdimm makes of them.
@Suite struct CxlMachineTests {
  private let directory: TemporaryDirectory

  init() throws {
    directory = try TemporaryDirectory()
    let topology = try SimTopology(
      dimms: [SimDimmRequest(size: .mebibytes(64))], ranges: [],
      cxl: SimCxlRequest(
        devices: [SimCxlDeviceRequest(size: .mebibytes(512)), SimCxlDeviceRequest(size: .mebibytes(512))],
        windows: [SimCxlWindowRequest(size: .gibibytes(2))]), align: nil, profile: .v612)
    try SimMachine.create(path, topology: topology)
  }

  private var path: FilePath { FilePath(directory.path + "/m") }

  private func with<Result>(_ body: (SimBackend) throws -> Result) throws -> Result {
    let machine = try SimMachine.open(path, forWriting: true)
    return try body(SimBackend(machine))
  }

  private func recipe(
    _ members: [String], _ backend: SimBackend, granularity: UInt64 = 4096
  ) throws -> CxlRecipe {
    let window = try #require(try backend.inventory(.planning).cxl.windows.first)
    return CxlRecipe(
      region: window.nextRegion ?? "", kind: .pmem, window: window.dev, granularity: granularity,
      members: members.map { CxlRecipe.Member(memdev: $0, serial: nil) },
      size: .mebibytes(512 * UInt64(members.count)), uuid: .random())
  }

  /// A namespace of 64 MiB on a region, raw, with a byte at the start of each of its first pages.
  private func populate(_ region: String, _ backend: SimBackend) throws -> DeviceUUID {
    let uuid = DeviceUUID.random()
    let name = "namespace\(region.dropFirst(6)).0"
    try backend.perform(
      .allocate(
        Allocation(namespace: name, uuid: uuid, name: "n", size: .mebibytes(64), sectorSize: 512)))
    for page in 0..<8 {
      try backend.perform(
        .write(
          namespace: name, bytes: [UInt8](repeating: UInt8(page + 1), count: 4096), offset: UInt64(page) << 12
        ))
    }
    try backend.perform(.enable(namespace: name))
    return uuid
  }

  private func content(of uuid: DeviceUUID, _ backend: SimBackend) throws -> [UInt8]? {
    let found = try backend.inventory(.planning).namespaces.first { $0.uuid == uuid && $0.isEnabled }
    return try found.map { namespace in
      try backend.withContent(of: namespace) { source throws(DeviceError) in
        try source.read(at: 0, count: 8 << 12)
      }
    }
  }

  @Test func aRegionIsThereUntilTheNextBootAndComesBackByTheSameParameters() throws {
    let uuid = try with { backend in
      try backend.perform(.createCxlRegion(try recipe(["mem1", "mem0"], backend)))
      return try populate("region1", backend)
    }
    let whole = try #require(try with { try content(of: uuid, $0) })
    #expect((0..<8).map { whole[$0 << 12] } == [1, 2, 3, 4, 5, 6, 7, 8])
    try SimMachine.reboot(path)
    try with { backend in
      #expect(try backend.inventory(.planning).regions.map(\.dev) == ["region0"])
      // Another order is another set.
      try backend.perform(.createCxlRegion(try recipe(["mem0", "mem1"], backend)))
      #expect(try content(of: uuid, backend) == nil)
      try backend.perform(.destroyCxlRegion("region1"))
      try backend.perform(.createCxlRegion(try recipe(["mem1", "mem0"], backend)))
      #expect(try content(of: uuid, backend) == whole)
      // Another granularity has the same labels, and other bytes behind each other.
      try backend.perform(.destroyCxlRegion("region1"))
      try backend.perform(.createCxlRegion(try recipe(["mem1", "mem0"], backend, granularity: 8192)))
      let mixed = try #require(try content(of: uuid, backend))
      #expect((0..<8).map { mixed[$0 << 12] } == [1, 3, 2, 4, 5, 7, 6, 8])
    }
  }

  @Test func aRegionInUseKeepsItsNumberWhileAnotherGoes() throws {
    try with { backend in
      try backend.perform(.createCxlRegion(try recipe(["mem0"], backend)))
      try backend.perform(.createCxlRegion(try recipe(["mem1"], backend)))
      let uuid = try populate("region2", backend)
      try backend.perform(.destroyCxlRegion("region1"))
      #expect(try backend.inventory(.planning).regions.map(\.dev) == ["region0", "region2"])
      #expect(try content(of: uuid, backend)?[0] == 1)
      #expect(throws: DeviceError.self) { try backend.perform(.enableRegion("region1")) }
      #expect(try backend.machine.stateRoundTrips())
    }
    // The saved state has the hole.
    #expect(try with { try $0.inventory(.planning).regions.map(\.dev) } == ["region0", "region2"])
  }

  @Test func labelsHaveTheTypeThatTheKernelWantsOfCxl() throws {
    try with { backend in
      try backend.perform(.createCxlRegion(try recipe(["mem0", "mem1"], backend)))
      _ = try populate("region1", backend)
      let inventory = try backend.inventory(.planning)
      let region = try #require(inventory.regions.first { $0.dev == "region1" })
      #expect(
        inventory.bus(of: region)?.provider == "CXL" && region.mappings.map(\.dimm) == ["nmem1", "nmem2"])
      #expect(inventory.dimms.map(\.id) == ["8680-56341200", "4097", "4098"])
      for dimm in ["nmem1", "nmem2"] {
        let labels = LabelStore(try backend.readLabels(dimm: dimm)).active
        #expect(labels.map(\.typeGUID) == [.null] && labels.map(\.setCookie) == [region.isetID])
      }
    }
  }

  @Test func anInventoryWithCxlIsImported() throws {
    let (inventory, uuid) = try with { backend in
      try backend.perform(.createCxlRegion(try recipe(["mem1", "mem0"], backend)))
      let uuid = try populate("region1", backend)
      return (try backend.inventory(.planning), uuid)
    }
    let copy = FilePath(directory.path + "/copy")
    #expect(try SimMachine.importing(inventory, to: copy, profile: .v612) == [])
    let backend = SimBackend(try SimMachine.open(copy, forWriting: true))
    let found = try backend.inventory(.planning)
    #expect(found.cxl == inventory.cxl)
    #expect(
      found.namespaces.first { $0.uuid == uuid }?.resource
        == inventory.namespaces.first { $0.uuid == uuid }?.resource)
    #expect(found.regions.map(\.isetID) == inventory.regions.map(\.isetID))
  }

  @Test func kernelsWithoutRegionsHaveNoCxl() {
    #expect(throws: DeviceError.self) {
      try SimTopology(
        dimms: [], ranges: [],
        cxl: SimCxlRequest(devices: [SimCxlDeviceRequest(size: .mebibytes(256))], windows: []), align: nil,
        profile: .v518)
    }
  }
}
