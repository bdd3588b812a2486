import PmemDevice
import PmemModel
import PmemSim
import SystemPackage
import TestSupport
import Testing

/// Random situations on a simulated machine: what is told of pins is what was done, and what the guard calls safe is.
@Suite struct PinPropertyTests {
  /// What was done, page by page, beside the machine.
  private struct Truth {
    struct Pin {
      var id: Int
      var pid: Int
      var kind: PinKind
      var namespace: String
      /// On the namespace's device.
      var range: Range<UInt64>
    }

    var pins: [Pin] = []

    /// Pins and other references of each page that has any.
    func pages(_ namespace: String, page: UInt64) -> [UInt64: (pins: UInt64, references: Int64)] {
      var found: [UInt64: (pins: UInt64, references: Int64)] = [:]
      for pin in pins where pin.namespace == namespace {
        for number in (pin.range.lowerBound / page)...((pin.range.upperBound - 1) / page) {
          let covered = pin.range.clamped(to: (number * page)..<((number + 1) * page))
          let small = (covered.upperBound + 4095) / 4096 - covered.lowerBound / 4096
          switch pin.kind {
          case .ioUring: found[number, default: (0, 0)].pins += 1
          case .rdma, .vfio, .directIO: found[number, default: (0, 0)].pins += small
          default: found[number, default: (0, 0)].references += Int64(small)
          }
        }
      }
      return found
    }
  }

  private static let pages: [String: UInt64] = ["huge": 2 << 20, "small": 4096]

  /// Two devdax namespaces and a file, three processes.
  private func machine() throws -> ScratchMachine {
    let machine = try ScratchMachine([SimDimmRequest(size: .gibibytes(2))])
    for (name, mode, align) in [
      ("huge", NamespaceMode.devdax, 2 << 20), ("small", .devdax, 4096), ("files", .fsdax, 2 << 20),
    ]
      as [(String, NamespaceMode, UInt64)]
    {
      try machine.create {
        $0.mode = mode
        $0.align = align
        $0.amount = .bytes(.mebibytes(64))
        $0.name = name
      }
    }
    return machine
  }

  private func names(_ inventory: Inventory) -> [String: Namespace] {
    Dictionary(
      uniqueKeysWithValues: inventory.namespaces.compactMap { space in space.name.map { ($0, space) } })
  }

  @Test(arguments: 0..<8) func whatIsToldIsWhatWasDone(seed: UInt64) throws {
    let machine = try machine()
    var generator = SeededGenerator(seed: 7_000 + seed)
    var truth = Truth()
    var addresses: [(pid: Int, name: String, start: UInt64, length: UInt64)] = []
    for step in 0..<60 {
      let opened = try SimMachine.open(FilePath(machine.path), forWriting: true)
      let workload = SimWorkload(opened)
      let known = names(try SimBackend(opened).inventory(.listing))
      let alive = workload.processes.map(\.name.pid)
      switch Int.random(in: 0..<10, using: &generator) {
      case 0 where alive.count < 4: _ = try workload.start("p\(step)", pid: nil)
      case 1, 2:
        guard let pid = alive.randomElement(using: &generator),
          let name = ["huge", "small"].randomElement(using: &generator), let node = known[name]?.node
        else { continue }
        let start = try workload.map(
          node, into: pid, offset: 0, length: nil, isWritable: true, isSync: false)
        addresses.append((pid, name, start, known[name]?.size.rawValue ?? 0))
      case 3...6:
        guard let place = addresses.randomElement(using: &generator),
          let kind = PinKind.allCases.randomElement(using: &generator)
        else { continue }
        let first = UInt64.random(in: 0..<(place.length / 4096), using: &generator) * 4096
        let length = min(place.length - first, .random(in: 1...(5 << 20), using: &generator))
        let id = try #require(
          try workload.pin(place.pid, at: place.start + first, length: length, kind: kind)
        ).id
        let end = (first + length + 4095) / 4096 * 4096
        truth.pins.append(
          Truth.Pin(id: id, pid: place.pid, kind: kind, namespace: place.name, range: first..<end))
      case 7:
        guard let index = truth.pins.indices.randomElement(using: &generator), truth.pins[index].pid != 0
        else { continue }
        try workload.unpin(truth.pins[index].id)
        if truth.pins[index].kind == .vfio { truth.pins[index].pid = 0 } else { truth.pins.remove(at: index) }
      case 8:
        // Pins outlive mappings.
        guard let index = addresses.indices.randomElement(using: &generator) else { continue }
        try workload.unmap(addresses[index].pid, at: addresses[index].start, length: nil)
        addresses.remove(at: index)
      default:
        guard let pid = alive.randomElement(using: &generator) else { continue }
        try workload.stop(pid)
        addresses.removeAll { $0.pid == pid }
        truth.pins.removeAll { $0.pid == pid && $0.kind != .vfio }
        for index in truth.pins.indices where truth.pins[index].pid == pid { truth.pins[index].pid = 0 }
      }
      try check(SimBackend(opened), known, truth)
    }
  }

  private func check(_ backend: SimBackend, _ known: [String: Namespace], _ truth: Truth) throws {
    let inventory = try backend.inventory(.listing)
    for (name, page) in Self.pages {
      let namespace = try #require(known[name])
      let report = try backend.pins(of: [namespace], in: inventory, isAttributed: true)
      let told = report.devices.flatMap(\.ranges)
      let expected = truth.pages(name, page: page)
      var seen = 0
      for range in told {
        for place in stride(
          from: range.extent.offset, to: range.extent.offset + range.extent.length, by: Int(page))
        {
          let own = try #require(expected[place / page], "nothing was done to \(place) of \(name)")
          seen += 1
          if range.references + Int64(range.pins) * 1024 < 1024 || page > 4096 {
            #expect(range.pins == own.pins && range.references == own.references)
          } else {
            // A small page cannot tell a pin from 1024 references; the sum is right.
            #expect(Int64(range.pins) * 1024 + range.references == Int64(own.pins) * 1024 + own.references)
          }
          let holders = truth.pins.filter {
            $0.namespace == name && $0.range.overlaps(place..<(place + page))
          }
          // Pins are called orphans only if no holder is left, and are never attributed to a process that does not exist.
          if range.kind == .orphan { #expect(holders.allSatisfy { $0.pid == 0 }) }
          #expect(range.holders.allSatisfy { holder in truth.pins.contains { $0.pid == holder.process.pid } })
        }
      }
      #expect(seen == expected.count)
      // The guard: what is said to be unused has no reference that could dangle.
      let used = try backend.usage(of: [namespace], in: inventory).uses
      if used.isEmpty {
        #expect(expected.isEmpty)
      } else if !expected.isEmpty {
        #expect(used.contains { $0.kind == .pin })
      }
    }
  }

  /// Whatever was done, when all is released every counter is idle again.
  @Test func everyCounterComesBack() throws {
    let machine = try machine()
    var generator = SeededGenerator(seed: 83)
    let opened = try SimMachine.open(FilePath(machine.path), forWriting: true)
    let workload = SimWorkload(opened)
    let pid = try workload.start("all", pid: nil)
    var ids: [Int] = []
    for (name, _) in Self.pages.sorted(by: { $0.key < $1.key }) {
      let namespace = try #require(names(try SimBackend(opened).inventory(.listing))[name])
      let start = try workload.map(
        try #require(namespace.node), into: pid, offset: 0, length: nil, isWritable: true, isSync: false)
      for _ in 0..<40 {
        let kind = try #require(PinKind.allCases.filter { $0 != .vfio }.randomElement(using: &generator))
        let first = UInt64.random(in: 0..<(namespace.size.rawValue / 4096 - 256), using: &generator) * 4096
        ids.append(
          try #require(
            try workload.pin(
              pid, at: start + first, length: 4096 * .random(in: 1...256, using: &generator), kind: kind)
          ).id)
      }
    }
    let all = try SimBackend(opened).inventory(.listing)
    #expect(
      try SimBackend(opened).pins(of: all.namespaces, in: all, isAttributed: true).devices.contains {
        !$0.ranges.isEmpty
      })
    for id in ids.shuffled(using: &generator) { try workload.unpin(id) }
    #expect(
      try SimBackend(opened).pins(of: all.namespaces, in: all, isAttributed: true).devices.allSatisfy(
        \.ranges.isEmpty))
  }

  @Test func whatTheKernelRefusesChangesNothing() throws {
    let machine = try machine()
    let opened = try SimMachine.open(FilePath(machine.path), forWriting: true)
    let workload = SimWorkload(opened)
    let pid = try workload.start("p", pid: nil)
    try workload.mount("files", on: "/srv", type: "ext4", isDAX: true)
    try workload.createFile("/srv/f", size: .mebibytes(8))
    let start = try workload.map("/srv/f", into: pid, offset: 0, length: nil, isWritable: true, isSync: true)
    for kind in [PinKind.ioUring, .rdma, .vfio] {
      #expect(throws: DeviceError.self) { try workload.pin(pid, at: start, length: nil, kind: kind) }
    }
    let all = try SimBackend(opened).inventory(.listing)
    #expect(
      try SimBackend(opened).pins(of: all.namespaces, in: all, isAttributed: true).devices.allSatisfy(
        \.ranges.isEmpty))
    let id = try #require(try workload.pin(pid, at: start + 4096, length: 8192, kind: .directIO)).id
    let range = try #require(
      try SimBackend(opened).pins(of: all.namespaces, in: all, isAttributed: true).devices.flatMap(\.ranges)
        .first)
    #expect(range.file?.path?.text == "/srv/f")
    #expect(range.file?.offset == 4096)
    try workload.unpin(id)
  }

  /// A mapping without a descriptor, a pin without a mapping, a descriptor without a mapping, a filesystem without a mount:
  /// each is found.
  @Test func everyKindOfUserIsFound() throws {
    let machine = try machine()
    let opened = try SimMachine.open(FilePath(machine.path), forWriting: true)
    let workload = SimWorkload(opened)
    let backend = SimBackend(opened)
    let pid = try workload.start("p", pid: nil)
    func kinds(_ name: String) throws -> [Usage.Kind] {
      let inventory = try backend.inventory(.listing)
      let namespace = try #require(names(inventory)[name])
      return try backend.usage(of: [namespace], in: inventory).uses.map(\.kind)
    }
    let start = try workload.map("huge", into: pid, offset: 0, length: nil, isWritable: true, isSync: false)
    #expect(try kinds("huge") == [.mapping])
    _ = try workload.pin(pid, at: start, length: 4096, kind: .rdma)
    try workload.unmap(pid, at: start, length: nil)
    #expect(try kinds("huge") == [.pin, .rdma])
    try workload.open(pid, "small")
    #expect(try kinds("small") == [.open])
    try workload.mount("files", on: "/srv", type: "xfs", isDAX: true)
    try workload.createFile("/srv/f", size: .mebibytes(1))
    try workload.open(pid, "/srv/f")
    #expect(try workload.unmount("/srv", isLazy: true) == .done)
    #expect(try kinds("files") == [.superblock, .open])
    try workload.stop(pid)
    #expect(try kinds("files") == [])
  }
}
