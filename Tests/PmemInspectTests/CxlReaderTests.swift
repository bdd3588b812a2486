import Foundation
import PmemDevice
import PmemInspect
import SystemPackage
import TestSupport
import Testing

/// The CXL topology from trees of sysfs: recorded ones, damaged ones, and large ones.
@Suite struct CxlReaderTests {
  private static func file(_ name: String) -> URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("PmemctlCommandsTests/Fixtures/cxl/\(name).tree")
  }

  private static func read(_ tree: SysfsTree) -> CxlTopology {
    HostInspector(roots: HostRoots(tree: FilePath(tree.path))).cxlTopology()
  }

  @Test func aHostWithoutCxlHasNone() throws {
    #expect(Self.read(try SysfsTree([])).isEmpty)
  }

  @Test func aDeviceIsFoundByItsSerialWhateverItsNumbersAre() throws {
    let cxl = Self.read(try SysfsTree(file: Self.file("two-way-pmem")))
    #expect(cxl.memdevs.map(\.dev) == ["mem0", "mem1"])
    #expect(cxl.memdevs.map(\.id) == ["4097", "4098"])
    #expect(cxl.memdevs.map(\.host) == ["0000:0d:00.0", "0000:0e:00.0"])
    // By way of pmem1 and pmem0: the numbers of neither are those of the devices.
    #expect(cxl.memdevs.map(\.dimm) == ["nmem5", "nmem4"])
    #expect(cxl.memdevs[0].endpoint?.ports == ["root0", "port1"])
    // By dport12 of the root and uport of port1, which lead to the same host bridge.
    #expect(cxl.memdevs.map { $0.endpoint?.target } == [12, 12] && cxl.windows[0].targets == [12])
    #expect(cxl.memdevs[0].endpoint?.decoders.map(\.dpaSize) == [.mebibytes(512)])
  }

  @Test func aRegionHasItsDevicesByPosition() throws {
    let cxl = Self.read(try SysfsTree(file: Self.file("two-way-pmem")))
    let region = try #require(cxl.region("region2"))
    #expect(region.members.map(\.memdev) == ["mem1", "mem0"])
    #expect(
      region.ways == 2 && region.granularity == 4096 && region.kind == .pmem && region.isCommitted == true)
    #expect(region.bridge == .pmem(isBound: true))
    #expect(cxl.windows[0].freeSize == .gibibytes(3))
    #expect(cxl.windows[0].largestFreePiece == .gibibytes(3))
  }

  @Test func aWindowWhoseAddressIsHiddenHasNoLargestPiece() throws {
    var devices = SysfsTree.devices(try String(contentsOf: Self.file("two-way-pmem"), encoding: .utf8))
    devices[1].files.removeAll { $0.name == "start" }
    let window = Self.read(try SysfsTree(devices)).windows[0]
    #expect(window.start == nil && window.largestFreePiece == nil && window.freeSize == .gibibytes(3))
  }

  @Test func severalRootsSwitchesAndVolatileMemory() throws {
    let cxl = Self.read(try SysfsTree(file: Self.file("switch-ram")))
    #expect(cxl.windows.map(\.dev) == ["decoder0.0", "decoder2.0"])
    #expect(cxl.windows.map(\.root) == ["root0", "root2"])
    #expect(cxl.memdevs.map(\.dev) == ["mem0", "mem1", "mem2", "mem10", "mem11"])
    #expect(cxl.memdevs[0].endpoint?.ports == ["root0", "port1", "port3"])
    #expect(cxl.memdevs[4].endpoint == nil)
    #expect(cxl.region("region4")?.members.map(\.memdev) == ["mem0", "mem2", "mem1", "mem10"])
    #expect(cxl.region("region4")?.daxDevices == ["dax4.0"])
    let empty = try #require(cxl.region("region10"))
    #expect(empty.ways == nil && empty.granularity == nil && empty.resource == nil && empty.members.isEmpty)
  }

  /// Links that are missing or lead elsewhere, to themselves or into a circle, numbers that no machine has, names that are
  /// taken: whatever is read, reading ends, and what is free is never more than there is.
  @Test(arguments: 1...40) func aDamagedTreeIsReadToo(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let source = ["two-way-pmem", "switch-ram", "firmware-ram"].randomElement(using: &random) ?? "switch-ram"
    let tree = try SysfsTree(damaging: Self.file(source), by: &random)
    let cxl = Self.read(tree)
    for window in cxl.windows {
      guard let size = window.size else {
        #expect(window.pieces == nil)
        continue
      }
      if let free = window.freeSize { #expect(free <= size) }
      if let largest = window.largestFreePiece { #expect(largest <= size) }
    }
    for region in cxl.regions { #expect(region.members.count <= 16) }
  }

  @Test func aThousandDecodersAreReadInNoTime() throws {
    var devices = [SysfsTree.Device(bus: "cxl", path: "root0")]
    for number in 0..<100 {
      let endpoint = "root0/port1/endpoint\(number)"
      devices.append(.init(bus: "cxl", path: endpoint, links: [("uport", "mem\(number)")]))
      devices.append(
        .init(bus: "cxl", path: "pci/0000:00:00.0/mem\(number)", files: [("serial", "0x\(number)")]))
      for decoder in 0..<10 {
        devices.append(
          .init(
            bus: "cxl", path: "\(endpoint)/decoder\(number).\(decoder)",
            files: [("mode", "pmem"), ("dpa_size", "0x100")]))
      }
    }
    let tree = try SysfsTree(devices)
    let start = ContinuousClock.now
    let cxl = Self.read(tree)
    #expect(cxl.memdevs.count == 100)
    #expect(cxl.memdevs.allSatisfy { $0.endpoint?.decoders.count == 10 })
    #expect(ContinuousClock.now - start < .seconds(10))
  }
}
