import BackendConformance
import Foundation
import PmemDevice
import PmemModel
import PmemSim
import SystemPackage
import TestSupport
import Testing

/// A simulated machine in a directory of its own.
final class ScratchMachine {
  let directory: TemporaryDirectory
  var path: String { directory.path + "/machine" }

  init(
    _ dimms: [SimDimmRequest] = [
      SimDimmRequest(size: .gibibytes(2)),
      SimDimmRequest(size: .gibibytes(1), labelArea: .zero, labelVersion: nil),
    ], ranges: [SimRangeRequest] = [], align: UInt64? = nil, profile: KernelProfile = .v612
  ) throws {
    directory = try TemporaryDirectory()
    let topology = try SimTopology(dimms: dimms, ranges: ranges, align: align, profile: profile)
    try SimMachine.create(FilePath(path), topology: topology)
  }

  func open() throws -> SimMachine { try SimMachine.open(FilePath(path), forWriting: true) }

  func backend() throws -> SimBackend { SimBackend(try open()) }

  /// Opens, works, closes: as one command does.
  func use<Result>(_ body: (SimBackend) throws -> Result) throws -> Result { try body(try backend()) }

  func inventory() throws -> Inventory { try use { try $0.inventory(.planning) } }

  @discardableResult
  func create(_ change: (inout NamespaceCreateRequest) -> Void) throws -> NamespaceProposal {
    try use { backend in
      let inventory = try backend.inventory(.planning)
      var request = NamespaceCreateRequest(regions: [inventory.regions[0]], isRegionGiven: true)
      change(&request)
      let plan = try NamespaceCreatePlanner(request, inventory: inventory).plan()
      try PlanRunner(on: backend).run(plan.plan)
      return plan.proposal
    }
  }

  /// What a power cut leaves: the media, and nothing that the kernel had in memory.
  func cutPower() throws { try FileManager.default.removeItem(atPath: path + "/runtime") }
}

/// Plans of many steps, which a machine writes down once.
@Suite struct LongPlanTests {
  private func plan(_ backend: SimBackend) throws -> Plan {
    let inventory = try backend.inventory(.planning)
    let request = NamespaceCreateRequest(
      amount: .bytes(.mebibytes(64)), regions: [inventory.regions[0]], isRegionGiven: true)
    return try NamespaceCreatePlanner(request, inventory: inventory).plan().plan
  }

  private func hasRuntime(_ machine: ScratchMachine) -> Bool {
    FileManager.default.fileExists(atPath: machine.path + "/runtime")
  }

  @Test(arguments: [3, 100]) func theStateIsWrittenDownAtTheEnd(announced: Int) throws {
    let machine = try ScratchMachine()
    try machine.create { $0.amount = .bytes(.mebibytes(64)) }
    let left = try machine.use { backend in
      let plan = try plan(backend)
      backend.beginPlan(steps: announced)
      for entry in plan.entries {
        try backend.perform(entry.step)
        #expect(hasRuntime(machine) == (announced == 3))
      }
      try backend.synchronize()
      #expect(hasRuntime(machine))
      return try backend.inventory(.planning)
    }
    #expect(try machine.inventory() == left)
  }

  @Test func aCommandThatEndsInBetweenLeavesAMachineThatBoots() throws {
    let machine = try ScratchMachine()
    try machine.create { $0.amount = .bytes(.mebibytes(64)) }
    try machine.use { backend in
      // Only the kernel's memory knows this.
      try backend.perform(.disable(namespace: "namespace0.0"))
      backend.beginPlan(steps: 100)
      for entry in try plan(backend).entries { try backend.perform(entry.step) }
    }
    let namespaces = try machine.inventory().regions[0].configuredNamespaces
    #expect(namespaces.count == 2 && namespaces.allSatisfy(\.isEnabled), "\(namespaces)")
  }

  @Test func stepsBehindTheEndAreWrittenDownOneByOne() throws {
    let machine = try ScratchMachine()
    try machine.use { backend in
      backend.beginPlan(steps: 100)
      for entry in try plan(backend).entries { try backend.perform(entry.step) }
      try backend.synchronize()
      try backend.perform(.disable(namespace: "namespace0.0"))
      #expect(hasRuntime(machine))
    }
    #expect(try machine.inventory().regions[0].configuredNamespaces.allSatisfy { !$0.isEnabled })
  }
}

@Suite struct ConformanceTests {
  @Test(arguments: ConformanceCase.all) func simulatedMachine(conformance: ConformanceCase) throws {
    let machine = try ScratchMachine(ranges: [SimRangeRequest(size: .mebibytes(256))])
    try conformance.run(on: ConformanceMachine(try machine.open()))
  }

  @Test(arguments: ConformanceCase.all) func interleavedWithOldLabels(conformance: ConformanceCase) throws {
    let dimm = SimDimmRequest(size: .gibibytes(1), labelVersion: .v11, set: "a")
    let machine = try ScratchMachine([dimm, dimm])
    try conformance.run(on: ConformanceMachine(try machine.open()))
  }
}

@Suite struct SimulatedMachineTests {
  @Test func whatIsMadeSurvivesAPowerCut() throws {
    for mode in NamespaceMode.allCases {
      let machine = try ScratchMachine()
      try machine.create {
        $0.mode = mode
        $0.amount = .bytes(.mebibytes(64))
        $0.name = "kept"
      }
      // A claim has another number after a boot.
      func namespaces() throws -> [Namespace] {
        try machine.inventory().namespaces.map { namespace in
          var lasting = namespace
          lasting.holder = nil
          return lasting
        }
      }
      let before = try namespaces()
      try machine.cutPower()
      #expect(try namespaces() == before)
    }
  }

  @Test func statePersistsBetweenCommands() throws {
    let machine = try ScratchMachine()
    try machine.create { $0.amount = .bytes(.mebibytes(64)) }
    try machine.use { try $0.perform(.disable(namespace: "namespace0.0")) }
    #expect(try machine.inventory().namespaces.first?.isEnabled == false)
    try machine.cutPower()
    #expect(try machine.inventory().namespaces.first?.isEnabled == true)
  }

  @Test func interleavedDimmsCarryALabelEach() throws {
    let dimm = SimDimmRequest(size: .gibibytes(1), set: "a")
    let machine = try ScratchMachine([dimm, dimm, dimm])
    // region_devs.c:default_align: three ways do not divide 16 MiB.
    #expect(try machine.inventory().regions[0].align == 48 << 20)
    try machine.create { $0.amount = .bytes(.mebibytes(96)) }
    try machine.cutPower()
    let inventory = try machine.inventory()
    #expect(inventory.regions[0].configuredNamespaces.first?.rawSize == .mebibytes(96))
    #expect(inventory.dimms.map(\.labels?.availableSlots) == [508, 508, 508])
  }

  @Test func aBlankLabelAreaMakesALabellessRegion() throws {
    let machine = try ScratchMachine([SimDimmRequest(size: .gibibytes(1), labelVersion: nil)])
    let region = try machine.inventory().regions[0]
    #expect(!region.isLabeled)
    #expect(region.configuredNamespaces.map(\.mode) == [.raw])
  }

  @Test func labelsRunOut() throws {
    let machine = try ScratchMachine([SimDimmRequest(size: .gibibytes(1), labelArea: ByteCount(2048))])
    let slots = try machine.inventory().dimms[0].labels?.availableSlots ?? 0
    #expect(slots > 0)
    for _ in 0..<slots {
      try machine.create {
        $0.mode = .raw
        $0.amount = .bytes(.mebibytes(16))
      }
    }
    #expect(throws: DeviceError.self) {
      try machine.create {
        $0.mode = .raw
        $0.amount = .bytes(.mebibytes(16))
      }
    }
    #expect(try machine.inventory().regions[0].configuredNamespaces.count == slots)
  }

  @Test func namespacesAreNumberedAsTheKernelSortsThem() throws {
    // cmp_dpa() compares little-endian bytes: 0x200000000 comes before 0x1c0000000.
    let machine = try ScratchMachine([SimDimmRequest(size: .gibibytes(4))])
    for _ in 0..<3 {
      try machine.create {
        $0.mode = .raw
        $0.amount = .bytes(.gibibytes(1))
      }
    }
    try machine.cutPower()
    let starts = try machine.inventory().regions[0].configuredNamespaces.map(\.resource)
    #expect(starts == [0x2_0000_0000, 0x1_8000_0000, 0x1_c000_0000])
  }

  // MARK: Damage

  @Test(arguments: ["machine", "runtime"]) func editedFilesAreRefusedWithALine(file: String) throws {
    var generator = SeededGenerator(seed: 23)
    let machine = try ScratchMachine()
    try machine.create { $0.amount = .bytes(.mebibytes(64)) }
    do {
      let opened = try SimMachine.open(FilePath(machine.path), forWriting: true)
      let workload = SimWorkload(opened)
      _ = try workload.start("a process", pid: 7)
      _ = try workload.stack("both", ["namespace0.0"])
      try workload.mount("both", on: "/srv", type: "ext4", isDAX: true)
      try workload.createFile("/srv/file", size: .mebibytes(2))
      try workload.open(7, "/srv/file")
      let address = try workload.map(
        "/srv/file", into: 7, offset: 0, length: 1 << 20, isWritable: true, isSync: false)
      _ = try workload.access(7, at: address, length: 5000, isStore: true)
      _ = try workload.beginFault(7, at: address, isStore: false)
      _ = try workload.pin(7, at: address, length: 9000, kind: .directIO)
      try workload.commit("/srv")
      try workload.choose(.truncate, "delay-free")
      _ = try workload.start("holder", pid: 8)
      _ = try workload.start("waits", pid: 9)
      let transfer = SimWorkload.Transfer(
        buffer: address, length: 4096, storage: "/srv/file", offset: 0, isRead: true)
      _ = try workload.begin(transfer, by: 7, number: nil)
      _ = try workload.truncate(9, "/srv/file", to: .kibibytes(4))
      for kind in SimWorkload.providerKinds {
        try workload.makeProvider(kind, kind: kind, size: .mebibytes(1), pool: 1)
      }
      _ = try workload.directAccess(8, "brd", page: 3, pages: 1, isAtomic: true)
      _ = try workload.directAccess(8, "remote", page: 3, pages: 1, isAtomic: false)
      _ = try workload.freeze("/srv", policy: .unmap)
      _ = try workload.access(7, at: address, length: 5000, isStore: true)
    }
    let path = machine.path + "/" + file
    let good = try String(contentsOfFile: path, encoding: .utf8)
    for _ in 0..<400 {
      var bytes = Array(good.utf8)
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        bytes[Int.random(in: bytes.indices, using: &generator)] = .random(in: 0...255, using: &generator)
      }
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      // Either it still means something, or it is refused; it never crashes.
      do {
        try machine.use { backend in
          let inventory = try backend.inventory(.listing)
          _ = try backend.usage(of: inventory.namespaces, in: inventory)
          _ = try backend.pins(of: inventory.namespaces, in: inventory, isAttributed: true)
        }
        let opened = try SimMachine.open(FilePath(machine.path), forWriting: false)
        let workload = SimWorkload(opened)
        _ = (workload.violations, workload.facts, workload.processes, workload.providers, workload.policies)
      } catch let error as DeviceError {
        #expect([.corrupt, .failed].contains(error.code), "\(error.summary)")
      }
    }
    try Data("something else\n".utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: DeviceError.self) { try machine.inventory() }
  }

  @Test(arguments: ["offset=", "size=", "usable=", "data=", "align=", "id=", "block="])
  func impossibleNumbersAreRefusedOrHarmless(field: String) throws {
    let machine = try ScratchMachine()
    try machine.create {
      $0.mode = .devdax
      $0.amount = .bytes(.mebibytes(64))
    }
    let path = machine.path + "/runtime"
    let good = try String(contentsOfFile: path, encoding: .utf8)
    for value in ["18446744073709551615", "9223372036854775807", "0", "1"] {
      let bad = good.replacing(try Regex(" \(field)[0-9]+"), with: " " + field + value)
      #expect(good.contains(" \(field)"))
      try Data(bad.utf8).write(to: URL(fileURLWithPath: path))
      do { _ = try machine.inventory() } catch let error as DeviceError { #expect(error.code == .corrupt) }
    }
  }

  @Test func damagedMediaLoseOnlyWhatTheyHeld() throws {
    var generator = SeededGenerator(seed: 29)
    let machine = try ScratchMachine([SimDimmRequest(size: .mebibytes(256))])
    try machine.create { $0.amount = .bytes(.mebibytes(64)) }
    let image = machine.path + "/nmem0.img"
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: image))
    for _ in 0..<100 {
      try handle.seek(toOffset: (256 << 20) + UInt64.random(in: 0..<2048, using: &generator))
      try handle.write(contentsOf: Data([.random(in: 0...255, using: &generator)]))
      try? machine.cutPower()
      _ = try machine.inventory()
    }
  }

  @Test func aCutImageIsSaidToBe() throws {
    let machine = try ScratchMachine()
    try machine.use { _ in }
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: machine.path + "/nmem0.img"))
    try handle.truncate(atOffset: 4096)
    do {
      _ = try machine.inventory()
      Issue.record("it was read")
    } catch let error as DeviceError { #expect(error.code == .corrupt) }
  }

  @Test func aDirectoryWithOtherFilesIsNotUsed() throws {
    let directory = try TemporaryDirectory()
    try Data().write(to: URL(fileURLWithPath: directory.path + "/precious"))
    let topology = try SimTopology(
      dimms: [SimDimmRequest(size: .gibibytes(1))], ranges: [], align: nil, profile: .v612)
    #expect(throws: DeviceError.self) { try SimMachine.create(FilePath(directory.path), topology: topology) }
    #expect(throws: DeviceError.self) { try SimMachine.destroy(FilePath(directory.path)) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["precious"])
  }

  @Test func destroyRemovesAll() throws {
    let machine = try ScratchMachine(ranges: [SimRangeRequest(size: .mebibytes(64))])
    try machine.create { $0.amount = .bytes(.mebibytes(64)) }
    try SimMachine.destroy(FilePath(machine.path))
    #expect(!FileManager.default.fileExists(atPath: machine.path))
  }

  @Test func imagesStaySparse() throws {
    let machine = try ScratchMachine([SimDimmRequest(size: .gibibytes(512))])
    try machine.create { $0.mode = .sector }
    let status = try FileManager.default.attributesOfItem(atPath: machine.path + "/nmem0.img")
    #expect((status[.size] as? UInt64 ?? 0) > 512 << 30)
    let used = try run("/usr/bin/du", ["-k", machine.path + "/nmem0.img"]).output.split(separator: "\t")[0]
    #expect((Int(used) ?? .max) < 4096)
  }
}
