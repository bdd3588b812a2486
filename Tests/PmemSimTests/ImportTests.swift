import Foundation
import PmemDevice
import PmemSim
import SystemPackage
import TestSupport
import Testing

@Suite struct ImportTests {
  /// A machine with some of everything.
  private func variety(_ version: LabelVersion) throws -> ScratchMachine {
    let pair = SimDimmRequest(size: .gibibytes(1), labelVersion: version, node: 1, set: "a")
    let machine = try ScratchMachine(
      [
        pair, pair, SimDimmRequest(size: .gibibytes(2), labelArea: .kibibytes(256), labelVersion: version),
        SimDimmRequest(size: .gibibytes(1), labelArea: .zero, labelVersion: nil),
        SimDimmRequest(size: .mebibytes(256), labelVersion: nil),
      ], ranges: [SimRangeRequest(size: .mebibytes(256))])
    for (region, mode) in [(0, NamespaceMode.devdax), (0, .sector), (1, .fsdax), (1, .raw), (1, .fsdax)] {
      let target = try machine.inventory().regions[region]
      try machine.create { request in
        request.regions = [target]
        request.mode = mode
        request.amount = .bytes(.mebibytes(128))
        request.name = "\(mode) \(region)"
      }
    }
    try machine.use { backend in
      let inventory = try backend.inventory(.planning)
      // A number that a boot would not give again, and something disabled.
      let first = inventory.regions[1].configuredNamespaces[0]
      try PlanRunner(on: backend).run(
        try NamespaceStatePlanner(inventory, inspector: backend, contents: nil).destroy([first], force: true))
      try backend.perform(.disable(namespace: inventory.regions[1].configuredNamespaces[1].dev))
    }
    return machine
  }

  /// Without the number of a claim, which is another each time.
  private func lasting(_ inventory: Inventory) -> Inventory {
    var lasting = inventory
    for (bus, region) in lasting.buses.indices.flatMap({ bus in
      lasting.buses[bus].regions.indices.map { (bus, $0) }
    }) {
      for index in lasting.buses[bus].regions[region].namespaces.indices {
        lasting.buses[bus].regions[region].namespaces[index].holder = nil
      }
    }
    return lasting
  }

  @Test(arguments: LabelVersion.allCases) func aMachineLikeAnInventoryHasTheSameInventory(
    version: LabelVersion
  ) throws {
    let machine = try variety(version)
    let inventory = try machine.inventory()
    let copy = machine.directory.path + "/copy"
    let notes = try SimMachine.importing(inventory, to: FilePath(copy), profile: .v612)
    #expect(notes == ["namespace1.1 is disabled: its mode is unknown, it is raw here"])
    let copied = try SimBackend(try SimMachine.open(FilePath(copy), forWriting: false)).inventory(.planning)
    #expect(lasting(copied) == lasting(inventory))
  }

  /// Also on kernels that do not read the labels that the inventory's has.
  @Test(arguments: KernelProfile.allCases) func aLabelledDIMMBesideABlankOneIsImported(profile: KernelProfile)
    throws
  {
    let machine = try ScratchMachine([
      SimDimmRequest(size: .gibibytes(1)), SimDimmRequest(size: .gibibytes(1), labelVersion: nil),
    ])
    try machine.create { $0.name = "files" }
    let inventory = try machine.inventory()
    let copy = machine.directory.path + "/copy"
    _ = try SimMachine.importing(inventory, to: FilePath(copy), profile: profile)
    let copied = try SimBackend(try SimMachine.open(FilePath(copy), forWriting: false)).inventory(.planning)
    #expect(copied.regions.map(\.isLabeled) == [true, false])
    #expect(copied.regions[0].isetID == inventory.regions[0].isetID)
    #expect(copied.regions[0].configuredNamespaces.first?.name == "files")
  }

  @Test func aCookieThatIdentitiesDoNotMakeIsKept() throws {
    let machine = try variety(.v12)
    var inventory = try machine.inventory()
    inventory.buses[0].regions[0].isetID = 0x1234_5678_9abc
    inventory.buses[0].dimms[2].id = "no id at all"
    let copy = machine.directory.path + "/copy"
    let notes = try SimMachine.importing(inventory, to: FilePath(copy), profile: .v612)
    #expect(notes.contains { $0.contains("has another id here") })
    let copied = try SimBackend(try SimMachine.open(FilePath(copy), forWriting: false)).inventory(.planning)
    #expect(copied.regions[0].isetID == 0x1234_5678_9abc)
    #expect(copied.regions[1].isetID == inventory.regions[1].isetID)
    #expect(copied.regions[0].configuredNamespaces.count == 2)
  }

  @Test(arguments: ["8680-56341200", "8089-a2-1740-00000a12"]) func idsAreReadAndWritten(id: String) {
    #expect(SimDimmIdentity(id)?.text == id)
  }

  @Test(arguments: ["", "8680", "8680-5634120", "8680-5634120g", "8089-a2-1740", "cxl-0-1"])
  func otherIdsAreNot(id: String) { #expect(SimDimmIdentity(id) == nil) }

  @Test(arguments: [128, 256, 512], LabelVersion.allCases) func labelAreasAreFound(
    kibibytes: UInt64, version: LabelVersion
  ) throws {
    let dimm = SimDimmRequest(
      size: .mebibytes(64), labelArea: .kibibytes(kibibytes), labelVersion: version)
    let machine = try ScratchMachine([dimm])
    let image = try SimImage(FilePath(machine.path + "/nmem0.img"))
    #expect(image.labelArea == kibibytes << 10)
    #expect(image.size == 64 << 20)
    // Either copy of the index does.
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: machine.path + "/nmem0.img"))
    try handle.seek(toOffset: 64 << 20)
    try handle.write(contentsOf: Data(repeating: 0xff, count: 16))
    #expect(try SimImage(FilePath(machine.path + "/nmem0.img")).labelArea == kibibytes << 10)
  }

  @Test func imagesBootAsTheyAre() throws {
    let machine = try variety(.v11)
    let inventory = try machine.inventory()
    let path = machine.path + "/nmem2.img"
    let copy = machine.directory.path + "/copy"
    let image = try SimImage(FilePath(path))
    try SimMachine.importing(
      [image], as: [SimDimmRequest(size: .zero)], to: FilePath(copy), profile: .v612)
    // Another slot, another serial number: the labels are of another set, and take space all the same.
    let copied = try SimBackend(try SimMachine.open(FilePath(copy), forWriting: false)).inventory(.planning)
    #expect(copied.regions[0].configuredNamespaces.isEmpty)
    #expect(copied.regions[0].availableSize == inventory.regions[1].availableSize)
  }

  /// A guest's second NVDIMM by itself, and beside another.
  @Test func theSlotOfAnImageMakesItsSerialAndItsLabelsCount() throws {
    let machine = try variety(.v12)
    let names = try machine.inventory().regions[1].configuredNamespaces.compactMap(\.name)
    let image = try SimImage(FilePath(machine.path + "/nmem2.img"))
    for others in [[], [0], [7, 1]] {
      let copy = machine.directory.path + "/copy\(others.count)"
      let images = [image] + others.map { _ in image }
      try SimMachine.importing(
        images, as: ([2] + others).map { SimDimmRequest(size: .zero, slot: $0) }, to: FilePath(copy),
        profile: .v612)
      let copied = try SimBackend(try SimMachine.open(FilePath(copy), forWriting: false)).inventory(.planning)
      #expect(
        copied.regions.map { $0.configuredNamespaces.compactMap(\.name) } == [names] + others.map { _ in [] })
    }
  }

  @Test(arguments: [[3, 3], [1, nil], [256, 0]]) func aSlotIsForOneDIMMAndBelow256(slots: [Int?]) throws {
    #expect(throws: DeviceError.self) {
      try SimTopology(
        dimms: slots.map { SimDimmRequest(size: .mebibytes(64), slot: $0) }, ranges: [], align: nil,
        profile: .v612)
    }
  }

  @Test func anImageThatIsNotRawIsRefusedByItsFormat() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/guest.qcow2"
    var bytes = Data(repeating: 0, count: 1 << 20)
    bytes.replaceSubrange(0..<4, with: [0x51, 0x46, 0x49, 0xfb])
    try bytes.write(to: URL(fileURLWithPath: path))
    do throws(DeviceError) {
      _ = try SimImage(FilePath(path), labelArea: 128 << 10)
      Issue.record("a qcow2 image is taken for a raw one")
    } catch {
      #expect(error.summary.contains("qcow2"))
      #expect(error.details.contains { $0.contains("qemu-img convert -f qcow2 -O raw") })
    }
  }

  @Test func aFileThatIsNoImageIsRefused() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/text"
    try Data("hello\n".utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: DeviceError.self) { try SimImage(FilePath(path)) }
    #expect(throws: DeviceError.self) { try SimImage(FilePath(directory.path + "/nothing")) }
  }

  /// As when a guest was booted with the images: what was remembered is of no use.
  @Test func labelsWrittenByOthersAreSeen() throws {
    let dimm = SimDimmRequest(size: .mebibytes(256))
    let machine = try ScratchMachine([dimm])
    let other = try ScratchMachine([dimm])
    try machine.create { $0.name = "ours" }
    try other.create { $0.name = "theirs" }
    try FileManager.default.removeItem(atPath: machine.path + "/nmem0.img")
    try FileManager.default.copyItem(
      atPath: other.path + "/nmem0.img", toPath: machine.path + "/nmem0.img")
    #expect(try machine.inventory().namespaces.first?.name == "theirs")
  }
}
