import Foundation
import PmemDevice
import PmemInspect
import PmemSim
import SystemPackage
import TestSupport
import Testing

@testable import PmemctlCommands

/// What commands print of CXL: on trees of sysfs, beside a simulated machine's DIMM.
@Suite struct CxlCommandTests {
  /// A machine with what a tree of sysfs shows.
  private final class Host {
    let harness: CommandHarness
    let backend: StandInBackend
    private let tree: SysfsTree

    /// - Parameters:
    ///   - name: Of a file in Fixtures/cxl.
    ///   - changing: Changes the inventory further.
    /// - Throws: What the disk says.
    convenience init(_ name: String, changing: @escaping (inout Inventory) -> Void = { _ in }) throws {
      try self.init(try SysfsTree(file: Self.file(name)), changing: changing)
    }

    static func file(_ name: String) -> URL {
      URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures/cxl/\(name).tree")
    }

    init(_ tree: SysfsTree, changing: @escaping (inout Inventory) -> Void) throws {
      harness = try CommandHarness()
      let made = harness.run(["sim", "create", harness.machine, "--dimm", "1GiB"])
      #expect(made.status == .done, "\(made.err)")
      self.tree = tree
      let machine = try SimMachine.open(FilePath(harness.machine), forWriting: true)
      backend = StandInBackend(SimBackend(machine)) { _ throws(DeviceError) in }
      let cxl = HostInspector(roots: HostRoots(tree: FilePath(tree.path))).cxlTopology()
      backend.completing = { inventory in
        inventory.cxl = cxl
        inventory.otherDaxRegions = tree.devices.filter { $0.bus == "dax" }.compactMap(Self.region)
        changing(&inventory)
      }
      harness.kernel = backend
    }

    /// As libdaxctl reports it.
    private static func region(_ device: SysfsTree.Device) -> DaxRegion? {
      func number(_ name: String) -> UInt64 {
        let text = device.files.first { $0.name == name }?.value ?? "0"
        return text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) ?? 0 : UInt64(text) ?? 0
      }
      let isMemory = device.links.contains { $0.target == "kmem" }
      let size = ByteCount(number("size"))
      let blocks = Int(size.rawValue >> 27)
      let ranges =
        number("mapping0/end") > 0
        ? [DaxRange(pageOffset: 0, start: number("mapping0/start"), end: number("mapping0/end"))] : []
      return DaxRegion(
        id: Int(device.name.dropFirst(3).prefix { $0 != "." }) ?? 0, size: size, align: number("align"),
        path: "/" + device.path.split(separator: "/").dropLast().joined(separator: "/"),
        devices: [
          DaxDevice(
            chardev: device.name, size: size, targetNode: Int(number("target_node")), align: number("align"),
            mode: isMemory ? .systemRAM : .devdax,
            memory: isMemory
              ? MemoryBlocks(total: blocks, online: blocks, movable: blocks, size: 128 << 20) : nil,
            mappings: ranges)
        ])
    }
  }

  /// libnvdimm's side of two-way-pmem.tree: DIMMs whose numbers are not those of the devices, and a region with a DAX
  /// device and a block device.
  private static func addBus(_ inventory: inout Inventory) {
    func namespace(_ id: Int, _ mode: NamespaceMode) -> Namespace {
      Namespace(
        regionID: 2, id: id, mode: mode, map: .dev, size: .mebibytes(252), rawSize: .mebibytes(256),
        uuid: nil,
        sectorSize: nil, isEnabled: true, resource: 0x2_1000_0000 + UInt64(id) << 28)
    }
    var devdax = namespace(0, .devdax)
    devdax.daxRegion = DaxRegion(
      id: 2, size: .mebibytes(252), align: 2 << 20,
      devices: [
        DaxDevice(chardev: "dax2.0", size: .mebibytes(252), targetNode: 1, align: 2 << 20, mode: .devdax)
      ])
    var fsdax = namespace(1, .fsdax)
    fsdax.blockDevice = "pmem2.1"
    let seed = Namespace(regionID: 2, id: 2, size: .zero, rawSize: .zero, isEnabled: false)
    let region = Region(
      id: 2, size: .gibibytes(1), resource: 0x2_1000_0000, align: 16 << 20, availableSize: .mebibytes(512),
      maxAvailableExtent: .mebibytes(512), isetID: 0x800a,
      mappings: [
        RegionMapping(dimm: "nmem4", offset: 0, length: 512 << 20, position: 0),
        RegionMapping(dimm: "nmem5", offset: 0, length: 512 << 20, position: 1),
      ], persistenceDomain: "memory_controller", namespaceSeed: "namespace2.2",
      namespaces: [devdax, fsdax, seed])
    let dimms = [("nmem4", "4098"), ("nmem5", "4097")].map { name, id in
      DIMM(dev: name, id: id, labels: LabelArea(availableSlots: 1019, version: .v12))
    }
    inventory.buses.append(Bus(dev: "ndbus1", provider: "CXL", dimms: dimms, regions: [region]))
  }

  private static func host(_ name: String) throws -> Host {
    try name == "two-way-pmem" ? Host(name, changing: addBus) : Host(name)
  }

  @Test(arguments: ["two-way-pmem", "switch-ram", "firmware-ram"])
  func allIsShownWithTheWayOfItsMemory(name: String) throws {
    let host = try Self.host(name)
    let devices = ["two-way-pmem": "dax2.0", "switch-ram": "dax4.0", "firmware-ram": "dax1.0"]
    var text = ""
    for line in [
      "status", "dimm list", "dimm show mem0", "region list",
      "region show \(["two-way-pmem": 2, "switch-ram": 4][name] ?? 0)",
      "device list", "device show \(devices[name] ?? "")", "namespace show 2.0",
    ] {
      if name != "two-way-pmem", line.hasPrefix("namespace") { continue }
      let answer = host.harness.run(line)
      #expect(answer.status == .done, "\(line): \(answer.err)")
      text += "# \(line)\n\(answer.out)\(answer.err)\n"
    }
    try expectGolden(text, "cxl-\(name).txt")
  }

  @Test(arguments: ["two-way-pmem", "switch-ram"]) func jsonHasTheKeysOfCxlList(name: String) throws {
    let host = try Self.host(name)
    let answer = host.harness.run("status --json")
    #expect(answer.status == .done, "\(answer.err)")
    let from = try #require(answer.out.range(of: "\"cxl\": "))
    try expectGolden(String(answer.out[from.lowerBound...]), "cxl-\(name).json")
    for line in ["dimm list", "region list", "device list", "region show 0"] {
      #expect(host.harness.run(line + " --json").status == .done)
    }
  }

  @Test(arguments: [
    ("4097", "nmem5"), ("mem0", "nmem5"), ("0000:0d:00.0", "nmem5"), ("nmem4", "nmem4"), ("0", "nmem0"),
  ]) func aDeviceAnswersToItsSerialAndItsAddress(name: String, expected: String) throws {
    #expect(try Self.host("two-way-pmem").harness.run("dimm list -q \(name)").out == expected + "\n")
  }

  /// As `cxl disable-region` leaves it.
  @Test func aRegionThatAToolHasDisabledIsEnabled() throws {
    for isReset in [false, true] {
      let host = try Host("two-way-pmem") { inventory in
        for window in inventory.cxl.windows.indices {
          for region in inventory.cxl.windows[window].regions.indices {
            inventory.cxl.windows[window].regions[region].isBound = false
            inventory.cxl.windows[window].regions[region].isCommitted = !isReset
            inventory.cxl.windows[window].regions[region].bridge = nil
          }
        }
        for bus in inventory.buses.indices { inventory.buses[bus].regions.removeAll { $0.dev == "region2" } }
      }
      #expect(host.harness.run("doctor").out.contains("pmemctl region enable region2"))
      for line in ["region enable region2 --dry-run", "region enable all --dry-run"] {
        let plan = host.harness.run(line)
        #expect(plan.status == .done && plan.out.contains("enable the CXL region region2"), "\(plan.err)")
      }
    }
    let host = try Host("two-way-pmem")
    #expect(host.harness.run("region enable region2 --dry-run").out.contains("CXL region") == false)
  }

  @Test(arguments: ["switch-ram", "firmware-ram"]) func doctorSaysWhatToDo(name: String) throws {
    let host = try Host(name) { $0.host.memoryPolicy = .onlineMovable }
    try expectGolden(host.harness.run("doctor").out, "cxl-doctor-\(name).txt")
    #expect(host.harness.run("doctor --json").status == .failed || name == "firmware-ram")
  }

  /// Reports what `cxl disable-region` would do to users, and what creates the region again.
  @Test func usersOfARegionAreReportedWithWhatWouldBecomeOfThem() throws {
    let host = try Self.host("two-way-pmem")
    host.backend.otherUses = [
      Usage(
        kind: .mount, namespace: "namespace2.1", path: RawText("/srv"), effect: .refused,
        advice: "unmount it: umount /srv"),
      Usage(
        kind: .mapping, namespace: "namespace2.0", path: RawText("/dev/dax2.0"),
        process: ProcessName(pid: 812, command: RawText("qemu")), bytes: 64 << 20, effect: .sigbus,
        advice: "stop process 812"),
    ]
    var text = ""
    for line in ["user list region2", "region disable region2 --dry-run"] {
      let answer = host.harness.run(line)
      text += "# \(line)\n\(answer.out)\(answer.err)\n"
    }
    #expect(host.harness.run("region disable region2").status == .refused)
    #expect(
      host.harness.run("user list region2 --json").out.contains("\"cxl_disable_region\": \"the filesystem"))
    // A device is named by its kernel name and by its address too.
    for name in ["mem0", "0000:0d:00.0"] {
      #expect(host.harness.run(["user", "list", name, "-q"]).out == "namespace2.1\nnamespace2.0\n")
    }
    host.backend.otherUses = []
    text += "# idle\n\(host.harness.run("region disable region2 --dry-run").out)\n"
    try expectGolden(text, "cxl-disable-pmem.txt")
  }

  @Test func aVolatileRegionIsNotDisabledAndItsUsersAreReported() throws {
    let host = try Self.host("switch-ram")
    var text = ""
    for line in [
      "user list region4", "region disable region4", "region enable region4", "region disable region10",
    ] {
      let answer = host.harness.run(line)
      text += "# \(line)\n\(answer.out)\(answer.err)\n"
    }
    #expect(host.harness.run("region disable region4").status == .notSupported)
    #expect(host.harness.run("user list region4 --json").status == .done)
    #expect(host.harness.run("user list mem10 -q").out == "dax4.0\n")
    #expect(host.harness.run("user list mem11 -q").out == "")
    try expectGolden(text, "cxl-disable-ram.txt")
  }

  /// Plans and refusals; what the kernel makes of them is in Tests/VM/scenarios/89-cxl.sh.
  @Test(arguments: ["two-way-pmem", "switch-ram"]) func regionsAreCreatedAndRemovedByPlans(name: String)
    throws
  {
    let host = try Self.host(name)
    let lines = [
      "two-way-pmem": [
        "region destroy region2 --dry-run", "region destroy 2 --dry-run --json", "region create mem0 mem1",
        "region create nmem0", "region create mem0 mem0", "region create mem7", "region destroy region0",
        "region create --type dram mem0", "region create --granularity 3 mem0", "region create --uuid x mem0",
      ],
      "switch-ram": [
        "region destroy region4", "region create mem11 --dry-run", "region create mem11 --dry-run --json",
        "region create mem11", "region create --uuid 0dd3cf0a-9e8c-4b5e-9c3e-6d8d44f5f0a1 mem11",
        "region create --type pmem mem11", "region create mem10", "region create mem10 --dry-run",
      ],
    ]
    var text = ""
    for line in lines[name] ?? [] {
      let answer = host.harness.run(line)
      text += "# \(line)\n\(answer.out)\(answer.err)-> \(answer.status.rawValue)\n\n"
    }
    try expectGolden(text, "cxl-regions-\(name).txt")
  }

  @Test func aMachineWithoutCxlSaysSo() throws {
    let harness = try CommandHarness()
    harness.run(["sim", "create", harness.machine, "--dimm", "1GiB"])
    for line in ["region create mem0", "region destroy all"] {
      #expect(harness.run(line).status == .notSupported)
    }
  }

  /// A region in use, and one whose removal the kernel refuses: both stay.
  @Test func aRegionInUseIsNotRemoved() throws {
    let host = try Self.host("two-way-pmem")
    host.backend.otherUses = [
      Usage(
        kind: .mount, namespace: "namespace2.1", path: RawText("/srv"), effect: .refused,
        advice: "unmount it: umount /srv")
    ]
    let answer = host.harness.run("region destroy region2")
    #expect(answer.status == .refused && answer.err.contains("umount /srv"), "\(answer.err)")
  }

  @Test func aDeviceThatLibnvdimmDoesNotKnowIsNoDimmToChange() throws {
    let host = try Self.host("switch-ram")
    #expect(host.harness.run("dimm list -q mem11").out == "mem11\n")
    #expect(host.harness.run("dimm disable mem11").status == .notFound)
    #expect(host.harness.run("region disable region10").status == .notSupported)
    #expect(host.harness.run("region show region77").status == .notFound)
  }

  @Test func controlCharactersAreShownAsWhatTheyAre() throws {
    let host = try Host("two-way-pmem") { inventory in
      inventory.cxl.memdevs[0].host = "\u{1b}[31m0000"
      inventory.cxl.memdevs[0].firmware = "a\u{7}"
    }
    for line in ["status", "dimm list", "dimm show mem0", "region list", "region show region2"] {
      #expect(!host.harness.run(line).out.contains { $0 == "\u{1b}" || $0 == "\u{7}" }, "\(line)")
    }
  }

  /// Whatever is damaged, what is printed is what the schemas say (``CheckedJSON``), and nothing crashes.
  @Test(arguments: 1...12) func damagedTreesArePrintedToo(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let name = ["two-way-pmem", "switch-ram", "firmware-ram"][Int(seed % 3)]
    let tree = try SysfsTree(damaging: Host.file(name), by: &random)
    let host = try Host(tree, changing: name == "two-way-pmem" ? Self.addBus : { _ in })
    for line in ["status", "dimm list", "region list", "device list"] {
      #expect(host.harness.run(line).status == .done, "\(line)")
      #expect(host.harness.run(line + " --json").status == .done, "\(line)")
    }
    let doctor = host.harness.run("doctor --json")
    #expect([.done, .failed].contains(doctor.status))
    for memdev in try host.backend.inventory(.listing).cxl.memdevs {
      #expect(host.harness.run(["dimm", "show", memdev.dev]).status == .done)
    }
    for region in try host.backend.inventory(.listing).cxl.regions {
      #expect(host.harness.run(["region", "show", region.dev]).status == .done)
    }
  }
}
