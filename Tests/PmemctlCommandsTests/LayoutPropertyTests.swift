import Foundation
import PmemDevice
import PmemLayout
import PmemMedia
import PmemSim
import SystemPackage
import TestSupport
import Testing

/// Random machines made what random layouts say.
@Suite struct LayoutPropertyTests {
  /// A machine of two DIMMs with some namespaces, in a directory of its own.
  private final class Machine {
    private let directory: TemporaryDirectory
    let path: FilePath

    init() throws {
      directory = try TemporaryDirectory()
      path = FilePath(directory.path + "/m")
      let dimm = SimDimmRequest(size: .mebibytes(512))
      try SimMachine.create(
        path, topology: try SimTopology(dimms: [dimm, dimm], ranges: [], align: nil, profile: .v612))
    }

    func use<Result>(_ body: (SimBackend) throws -> Result) throws -> Result {
      try body(SimBackend(try SimMachine.open(path, forWriting: true)))
    }

    /// A page in the middle of a namespace, in the image.
    func page(of namespace: Namespace, _ inventory: Inventory, write: [UInt8]? = nil) throws -> [UInt8] {
      let region = try #require(inventory.region(of: namespace)?.resource)
      let start = try #require(namespace.resource) - region + namespace.rawSize.rawValue / 2
      let image = try FileHandle(forUpdating: URL(fileURLWithPath: "\(path)/nmem\(namespace.regionID).img"))
      defer { try? image.close() }
      try image.seek(toOffset: start)
      if let write { try image.write(contentsOf: Data(write)) }
      try image.seek(toOffset: start)
      return Array(try image.read(upToCount: 4096) ?? Data())
    }
  }

  private static func truth(_ backend: SimBackend) -> (Namespace) -> Namespace {
    { namespace in
      guard !namespace.isEnabled, namespace.holder == nil, !namespace.isSeed else { return namespace }
      let identity = try? backend.withRawMedia(of: namespace.dev, forWriting: false) {
        raw throws(DeviceError) in
        try NamespaceIdentity(raw, label: namespace.uuid)
      }
      return identity?.described(namespace) ?? namespace
    }
  }

  private static func plan(
    _ layout: Layout, on backend: SimBackend, allows: Bool = true, unfinished: Set<DeviceUUID> = []
  ) throws -> LayoutPlan {
    let allowed = AllowedNames(allows ? ["all"] : [])
    return try LayoutPlanner(
      try backend.inventory(.planning), inspector: backend, contents: nil, replacing: allowed,
      destroying: allowed, unfinished: unfinished, truth: truth(backend)
    ).plan(layout)
  }

  private static func random(_ generator: inout SeededGenerator) -> String {
    var text = "layout: 1\nregions:\n"
    for node in 0..<2 {
      text +=
        "  - select: {address: 0x\(String(node == 0 ? 0x1_8000_0000 : 0x1_a000_0000 as UInt64, radix: 16))}\n"
      text +=
        "    others: \(Int.random(in: 0..<4, using: &generator) > 0 ? "destroy" : "keep")\n    namespaces:\n"
      let count = Int.random(in: 0...4, using: &generator)
      if count == 0 { text.removeLast(); text += " []\n" }
      let names = Array(0..<7).shuffled(using: &generator)
      for number in 0..<count {
        let mode = NamespaceMode.allCases.randomElement(using: &generator) ?? .raw
        let size =
          number == count - 1 && Int.random(in: 0..<3, using: &generator) == 0
          ? "rest"
          : Int.random(in: 0..<4, using: &generator) == 0
            ? "\(Int.random(in: 10...20, using: &generator))%"
            : "\(Int.random(in: 2...8, using: &generator) * 16)MiB"
        text += "      - {name: r\(node)n\(names[number]), mode: \(mode), size: \(size)"
        if mode.hasMemoryMap, Bool.random(using: &generator) {
          text += ", align: \(Bool.random(using: &generator) ? "4KiB" : "2MiB")"
          text += ", map: \(Bool.random(using: &generator) ? "mem" : "dev")"
        }
        text += "}\n"
      }
    }
    return text
  }

  private static func layout(_ generator: inout SeededGenerator) throws -> (Layout, String) {
    let text = random(&generator)
    return (try Layout(parsing: Array(text.utf8), file: "random"), text)
  }

  /// Each machine is made what twelve layouts say, one after the other, as far as they fit: more than a thousand pairs.
  @Test(arguments: 0..<100) func whatIsDescribedIsReachedAndStays(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed) + 1)
    let machine = try Machine()
    var applied = 0
    for _ in 0..<12 {
      let (layout, text) = try Self.layout(&generator)
      try machine.use { backend in
        let before = try backend.inventory(.planning)
        var pages: [String: [UInt8]] = [:]
        for namespace in before.namespaces where !namespace.isSeed {
          let noise = (0..<4096).map { _ in UInt8.random(in: 0...255, using: &generator) }
          pages[namespace.dev] = try machine.page(of: namespace, before, write: noise)
        }
        let planned: LayoutPlan
        do { planned = try Self.plan(layout, on: backend) } catch let error as DeviceError {
          #expect(error.errno == 28, "\(error)\n\(text)")
          return
        }
        applied += 1
        try PlanRunner(on: backend).run(planned.plan)
        let again = try Self.plan(layout, on: backend, allows: false)
        #expect(again.isEmpty, "\(again.changes) \(again.conflicts)\n\(text)")
        let after = try backend.inventory(.planning)
        for part in layout.regions {
          for wanted in part.namespaces {
            let found = after.namespaces.filter { $0.name == wanted.name && !$0.isSeed }
            #expect(found.count == 1 && found[0].mode == wanted.mode && found[0].isEnabled, "\(text)")
          }
        }
        for promised in planned.free {
          let region = after.regions.first { $0.dev == promised.region }
          #expect(region?.availableSize == promised.free, "\(promised)\n\(text)")
          #expect(region?.maxAvailableExtent == promised.largest, "\(promised)\n\(text)")
        }
        // What no layout mentions, or keeps, is at its offset with its content.
        let changed = Set(planned.changes.filter { $0.kind != .rename }.map(\.namespace))
        for old in before.namespaces where !old.isSeed && !changed.contains(old.dev) {
          let now = try #require(after.namespaces.first { $0.dev == old.dev })
          #expect(now.resource == old.resource && now.rawSize == old.rawSize)
          #expect(try machine.page(of: now, after) == pages[old.dev], "\(old.dev)\n\(text)")
        }
      }
    }
    #expect(applied > 0)
  }

  /// Killed before any step, the next apply gets there, with nothing more allowed than before.
  @Test(arguments: 0..<12) func fromAnyHalfDoneStateTheNextApplyGetsThere(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed) + 500)
    let (first, _) = try Self.layout(&generator)
    let (second, text) = try Self.layout(&generator)
    var steps = 0
    while true {
      let machine = try Machine()
      let isOver = try machine.use { backend in
        guard let start = try? Self.plan(first, on: backend) else { return true }
        try PlanRunner(on: backend).run(start.plan)
        guard let planned = try? Self.plan(second, on: backend), steps < planned.plan.entries.count else {
          return true
        }
        for entry in planned.plan.entries.prefix(steps) { try backend.perform(entry.step) }
        let rest = try Self.plan(second, on: backend, unfinished: Set(planned.uuids))
        do { try PlanRunner(on: backend).run(rest.plan) } catch {
          Issue.record(
            "killed before step \(steps): \(error)\n\(rest.plan.entries.map(\.text).joined(separator: "\n"))\nDONE \(planned.plan.entries.prefix(steps).map(\.text))"
          )
          return false
        }
        let again = try Self.plan(second, on: backend, allows: false)
        #expect(again.isEmpty, "killed before step \(steps): \(again.changes) \(again.conflicts)\n\(text)")
        return false
      }
      guard !isOver else { break }
      steps += 1
    }
  }

  /// What was only begun may be finished without leave; a person's own may not.
  @Test func whatAKilledApplyLeftNeedsNoLeave() throws {
    let text =
      "{layout: 1, regions: [{select: all, namespaces: [{name: 'a{index}', mode: devdax, size: 64MiB}]}]}"
    let layout = try Layout(parsing: Array(text.utf8), file: "text")
    let machine = try Machine()
    try machine.use { backend in
      let planned = try Self.plan(layout, on: backend, allows: false)
      try backend.perform(planned.plan.entries[0].step)
      #expect(try !Self.plan(layout, on: backend, allows: false).conflicts.isEmpty)
      let rest = try Self.plan(layout, on: backend, allows: false, unfinished: Set(planned.uuids))
      #expect(rest.conflicts.isEmpty)
      try PlanRunner(on: backend).run(rest.plan)
      #expect(try Self.plan(layout, on: backend, allows: false).isEmpty)
    }
  }
}
