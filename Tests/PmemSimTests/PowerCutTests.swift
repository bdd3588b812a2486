import Foundation
import PmemDevice
import PmemMedia
import PmemSim
import SystemPackage
import TestSupport
import Testing

/// A change whose every write to the media is cut once.
struct CutChange: CustomTestStringConvertible {
  let name: String
  let dimms: [SimDimmRequest]
  let mode: NamespaceMode
  /// Whether the namespace is destroyed; else it is created.
  let isDestroyed: Bool

  var testDescription: String { name }

  static let all: [CutChange] = LabelVersion.allCases.flatMap { version in
    NamespaceMode.allCases.flatMap { mode in
      [false, true].map { isDestroyed in
        CutChange(
          name: "\(isDestroyed ? "destroy" : "create") \(mode), labels \(version.rawValue)",
          dimms: [SimDimmRequest(size: .mebibytes(512), labelVersion: version)], mode: mode,
          isDestroyed: isDestroyed)
      }
    }
  }
}

@Suite struct PowerCutTests {
  /// A machine with a neighbour, and the steps of a change on it; the same UUIDs every time.
  private struct Situation {
    let dimms: [SimDimmRequest]
    var before: [Step] = []
    var steps: [Step] = []

    func machine() throws -> ScratchMachine {
      let machine = try ScratchMachine(dimms)
      try machine.use { backend in for step in before { try backend.perform(step) } }
      return machine
    }

    init(_ change: CutChange) throws {
      dimms = change.dimms
      before = try creation(.fsdax, "neighbour")
      let creating = try creation(change.mode, "subject")
      guard change.isDestroyed else {
        steps = creating
        return
      }
      before += creating
      steps = try machine().use { backend in
        let inventory = try backend.inventory(.planning)
        let victims = try NameResolver(inventory).namespaces(["subject"])
        return try NamespaceStatePlanner(inventory, inspector: backend, contents: nil).destroy(
          victims, force: true
        )
        .entries.map(\.step)
      }
    }

    init(relabelling version: LabelVersion) throws {
      dimms = [SimDimmRequest(size: .mebibytes(512), labelVersion: .v12)]
      before = try creation(.raw, "old") + [.disableRegion("region0")]
      steps = [.initializeLabels(dimm: "nmem0", version)]
    }

    private func creation(_ mode: NamespaceMode, _ name: String) throws -> [Step] {
      try machine().use { backend in
        let inventory = try backend.inventory(.planning)
        let request = NamespaceCreateRequest(
          mode: mode, amount: .bytes(.mebibytes(96)), name: name, regions: [inventory.regions[0]],
          isRegionGiven: true)
        return try NamespaceCreatePlanner(request, inventory: inventory).plan().plan.entries.map(\.step)
      }
    }
  }

  /// What a boot finds.
  private static func booted(_ machine: ScratchMachine) throws -> [Namespace] {
    try SimMachine.reboot(FilePath(machine.path))
    return try machine.inventory().namespaces.map { namespace in
      var lasting = namespace
      lasting.holder = nil
      return lasting
    }
  }

  /// What a boot finds after each number of steps.
  private static func states(_ situation: Situation) throws -> [[Namespace]] {
    try (0...situation.steps.count).map { count in
      let machine = try situation.machine()
      try machine.use { backend in
        for step in situation.steps.prefix(count) { try backend.perform(step) }
      }
      return try booted(machine)
    }
  }

  /// Performs the steps until the power goes; gives the number that were done.
  private static func run(_ steps: [Step], on machine: ScratchMachine, _ power: PowerSupply) throws -> Int {
    let backend = SimBackend(
      try SimMachine.open(FilePath(machine.path), forWriting: true, power: power))
    for (number, step) in steps.enumerated() {
      do { try backend.perform(step) } catch {
        #expect(power.isOff, "\(step) failed: \(error)")
        return number
      }
    }
    return steps.count
  }

  private static func check(_ situation: Situation) throws {
    var generator = SeededGenerator(seed: 31)
    let states = try states(situation)
    let supply = PowerSupply()
    #expect(try run(situation.steps, on: situation.machine(), supply) == situation.steps.count)
    #expect(supply.writes > 0)
    for write in 0..<supply.writes {
      for bytes in [0, Int.random(in: 8..<256, using: &generator), 4088] {
        let machine = try situation.machine()
        let power = PowerSupply(cutAfter: write, bytes: bytes)
        let done = try run(situation.steps, on: machine, power)
        #expect(power.isOff)
        let found = try booted(machine)
        let next = min(done + 1, states.count - 1)
        #expect(
          found == states[done] || found == states[next],
          "cut in write \(write) after \(bytes) bytes, in step \(done)")
      }
    }
  }

  @Test(arguments: CutChange.all) func everyCutLeavesTheOldStateOrTheNew(change: CutChange) throws {
    try Self.check(try Situation(change))
  }

  /// Between the labels of two DIMMs a cut leaves a region that no kernel enables (namespace_devs.c:scan_labels). The other
  /// namespace is as it was once the half made one is gone.
  @Test func aCutNeverReachesTheOtherNamespaceOfAnInterleavedSet() throws {
    let dimm = SimDimmRequest(size: .mebibytes(256), set: "a")
    let situation = try Situation(
      CutChange(name: "", dimms: [dimm, dimm], mode: .devdax, isDestroyed: false))
    let supply = PowerSupply()
    _ = try Self.run(situation.steps, on: situation.machine(), supply)
    let neighbour = try Self.booted(try situation.machine()).first { $0.name == "neighbour" }
    for write in 0..<supply.writes {
      let machine = try situation.machine()
      _ = try Self.run(situation.steps, on: machine, PowerSupply(cutAfter: write, bytes: 64))
      if try Self.booted(machine).isEmpty {
        try machine.use { backend in
          #expect(try !backend.inventory(.planning).regions[0].isEnabled)
          for dimm in ["nmem0", "nmem1"] {
            let area = try backend.readLabels(dimm: dimm)
            let halves = LabelStore(area).active.filter { $0.name != "neighbour" }.map(\.uuid)
            let edit = LabelEdit(Dictionary(uniqueKeysWithValues: Set(halves).map { ($0, []) }))
            try backend.perform(.writeLabels(dimm: dimm, bytes: try #require(edit.applied(to: area))))
          }
        }
      }
      #expect(try Self.booted(machine).contains { $0 == neighbour }, "cut in write \(write)")
    }
  }

  /// Fresh index blocks are written one after the other: between them one of the old pair may still be in
  /// force, or none; never anything else.
  @Test(arguments: LabelVersion.allCases) func aCutInFreshLabelsLeavesLabelsOrNone(version: LabelVersion)
    throws
  {
    let situation = try Situation(relabelling: version)
    let supply = PowerSupply()
    _ = try Self.run(situation.steps, on: situation.machine(), supply)
    for write in 0..<supply.writes {
      for bytes in [0, 64, 200] {
        let machine = try situation.machine()
        _ = try Self.run(situation.steps, on: machine, PowerSupply(cutAfter: write, bytes: bytes))
        let found = try Self.booted(machine).filter { !$0.isSeed }
        #expect(found.allSatisfy { $0.name == "old" || $0.rawSize == .mebibytes(512) })
      }
    }
  }
}
