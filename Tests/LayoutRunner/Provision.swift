import Foundation
import PmemDevice
import PmemSim
import SystemPackage
import TestSupport

/// Machines for a real kernel to boot on, made by the simulator alone.
struct Provision {
  private var generator: SeededGenerator
  private let directory: String

  init(directory: String, seed: UInt64) {
    self.directory = directory
    generator = SeededGenerator(seed: seed &* 7_919)
  }

  // MARK: Layouts

  /// Makes a machine of `count` DIMMs, each with a seeded random layout, by commands as a user would type them.
  mutating func layouts(_ count: Int, program: String) throws {
    var arguments = ["sim", "create", directory]
    for _ in 0..<count {
      let version = LabelVersion.allCases.randomElement(using: &generator)?.rawValue ?? "1.2"
      let area = Bool.random(using: &generator) ? 128 : 256
      arguments += [
        "--dimm",
        "\(Int.random(in: 8...40, using: &generator) * 64)MiB,labels=\(area)KiB,label-version=\(version)",
      ]
    }
    try expectDone(program, arguments)
    for number in 0..<count {
      let layout = Layout(
        number: number, seed: .random(in: 0...(.max), using: &generator), labeled: ["region\(number)"],
        labelless: [])
      for command in layout.commands {
        let isPlaced = !command.isCreate || command.arguments.contains("--region")
        let finished = try run(
          program,
          command.arguments + (isPlaced ? [] : ["--region", "region\(number)"]) + ["--sim", directory])
        // What does not fit, or went elsewhere, is refused; nothing may go wrong otherwise.
        guard [0, 1, 3].contains(finished.status) else { throw Failure(finished.errors) }
      }
    }
    try SimMachine.reboot(FilePath(directory))
  }

  private func expectDone(_ program: String, _ arguments: [String]) throws {
    let finished = try run(program, arguments)
    guard finished.status == 0 else { throw Failure(finished.errors) }
  }

  // MARK: Power cuts

  /// Which write of a create is cut: four are the allocation's labels and index blocks, four the claim's; then come
  /// the info block, or the log and both info blocks of a BTT.
  private static let cutWrites: [(mode: NamespaceMode, write: Int)] = [
    (.fsdax, 8), (.devdax, 8), (.sector, 8), (.sector, 9), (.sector, 10), (.raw, 0), (.fsdax, 1),
    (.devdax, 2),
    (.raw, 3), (.fsdax, 4), (.sector, 5), (.devdax, 6), (.fsdax, 7),
  ]

  /// Makes a machine of `count` DIMMs; on each a create was cut by a power failure, in one write after the other.
  mutating func cuts(_ count: Int) throws {
    let dimms = (0..<count).map { number in
      SimDimmRequest(size: .mebibytes(256), labelVersion: number % 3 == 0 ? .v11 : .v12)
    }
    try SimMachine.create(
      FilePath(directory),
      topology: try SimTopology(dimms: dimms, ranges: [], align: nil, profile: .standard))
    for number in 0..<count {
      try create("neighbour \(number)", .fsdax, on: number, PowerSupply())
      let (mode, write) = Self.cutWrites[number % Self.cutWrites.count]
      let power = PowerSupply(
        cutAfter: write, bytes: [0, 64, 192, 4000].randomElement(using: &generator) ?? 0)
      do { try create("subject \(number)", mode, on: number, power) } catch {
        guard power.isOff else { throw error }
      }
      guard power.isOff else { throw Failure("a create as \(mode) has no write \(write) to cut") }
      print("# DIMM \(number): \(mode) cut in write \(power.writes)")
    }
    try SimMachine.reboot(FilePath(directory))
  }

  private func create(_ name: String, _ mode: NamespaceMode, on region: Int, _ power: PowerSupply) throws {
    let backend = SimBackend(
      try SimMachine.open(FilePath(directory), forWriting: true, power: power))
    let inventory = try backend.inventory(.planning)
    let request = NamespaceCreateRequest(
      mode: mode, amount: .bytes(.mebibytes(64)), name: name, regions: [inventory.regions[region]],
      isRegionGiven: true)
    for entry in try NamespaceCreatePlanner(request, inventory: inventory).plan().plan.entries {
      try backend.perform(entry.step)
    }
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
  }
}
