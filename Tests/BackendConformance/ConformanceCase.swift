import PmemDevice

/// One thing that every backend does alike.
public struct ConformanceCase: Sendable, CustomStringConvertible {
  /// The behaviour, as a sentence.
  public let name: String
  private let body: @Sendable (ConformanceMachine) throws -> Void

  init(_ name: String, _ body: @escaping @Sendable (ConformanceMachine) throws -> Void) {
    self.name = name
    self.body = body
  }

  public var description: String { name }

  /// Runs the case on an empty machine.
  public func run(on machine: ConformanceMachine) throws { try body(machine) }

  /// The suite: the simulated machine passes it always, the real kernel inside the test VM.
  public static let all = creation + space + refusals + life + media + devices + unseen
}

extension ConformanceCase {
  // MARK: What is created is what was planned

  private static let creation: [ConformanceCase] = [
    ConformanceCase("every mode has the planned usable size") { machine in
      for mode in NamespaceMode.allCases {
        let request = NamespaceCreateRequest(
          mode: mode, amount: .bytes(.mebibytes(128)), regions: [try machine.region()], isRegionGiven: true)
        let (proposal, namespace) = try machine.create(request)
        try machine.expectEqual(namespace.mode, mode, "mode")
        try machine.expectEqual(namespace.size, proposal.usable, "usable size of \(mode)")
        try machine.expectEqual(namespace.rawSize, .mebibytes(128), "size taken by \(mode)")
        try machine.expect(namespace.isEnabled, "\(mode) is not enabled")
        try machine.expect(namespace.node != nil, "\(mode) has no device")
      }
    },
    ConformanceCase("every memory map and alignment has the planned usable size") { machine in
      for mode in [NamespaceMode.fsdax, .devdax] {
        for map in [MapLocation.dev, .mem] {
          for align in [UInt64(4096), 2 << 20] {
            let request = NamespaceCreateRequest(
              mode: mode, map: map, align: align, amount: .bytes(.mebibytes(64)),
              regions: [try machine.region()],
              isRegionGiven: true)
            let (proposal, namespace) = try machine.create(request)
            try machine.expectEqual(namespace.size, proposal.usable, "\(mode) \(map) \(align)")
            try machine.expectEqual(namespace.map, map, "map")
            try machine.expectEqual(namespace.align, align, "alignment")
          }
        }
      }
    },
    ConformanceCase("every sector size has the planned usable size") { machine in
      for size in try machine.region().capabilities.sectorSizes {
        let request = NamespaceCreateRequest(
          mode: .sector, sectorSize: size, amount: .bytes(.mebibytes(32)), regions: [try machine.region()],
          isRegionGiven: true)
        let (proposal, namespace) = try machine.create(request)
        try machine.expectEqual(namespace.size, proposal.usable, "sector size \(size)")
        try machine.expectEqual(namespace.sectorSize, size, "sector size")
      }
    },
    ConformanceCase("a usable size is kept to") { machine in
      let request = NamespaceCreateRequest(
        amount: .bytes(.mebibytes(100)), measure: .usable, regions: [try machine.region()],
        isRegionGiven: true)
      let (proposal, namespace) = try machine.create(request)
      try machine.expect(namespace.size >= .mebibytes(100), "only \(namespace.size) are usable")
      try machine.expectEqual(namespace.size, proposal.usable, "usable size")
    },
    ConformanceCase("name and UUID are the label's, the info block has its own UUID") { machine in
      let uuid = DeviceUUID.random()
      let name = String(repeating: "é", count: 31)
      let request = NamespaceCreateRequest(
        amount: .bytes(.mebibytes(64)), name: name, uuid: uuid, regions: [try machine.region()],
        isRegionGiven: true)
      let (_, namespace) = try machine.create(request)
      try machine.expectEqual(namespace.name, name, "name")
      try machine.expectEqual(namespace.rawUUID, uuid, "label UUID")
      try machine.expect(
        namespace.uuid != nil && namespace.uuid != uuid,
        "info block UUID \(String(describing: namespace.uuid))")
    },
  ]

  // MARK: Space

  private static let space: [ConformanceCase] = [
    ConformanceCase("space is taken from the first hole that is large enough") { machine in
      let names = try (0..<3).map { _ in try machine.create(.raw, mebibytes: 64).dev }
      try machine.perform(.disable(namespace: names[0]))
      try machine.perform(.free(namespace: names[0]))
      let region = try machine.region()
      let small = try machine.create(.raw, mebibytes: 64)
      try machine.expectEqual(small.resource, region.resource, "address of the one that fits")
      let large = try machine.create(.raw, mebibytes: 128)
      try machine.expectEqual(
        large.resource, region.resource.map { $0 + 192 << 20 }, "address of the one that does not")
    },
    ConformanceCase("free space is what the holes add up to") { machine in
      let size = try machine.region().size.rawValue
      let names = try (0..<3).map { _ in try machine.create(.raw, mebibytes: 64).dev }
      try machine.perform(.disable(namespace: names[1]))
      try machine.perform(.free(namespace: names[1]))
      let region = try machine.region()
      try machine.expectEqual(region.availableSize.rawValue, size - 128 << 20, "free space")
      try machine.expectEqual(region.maxAvailableExtent.rawValue, size - 192 << 20, "largest hole")
      try machine.expectEqual(
        region.freeExtents ?? [],
        [Extent(offset: 64 << 20, length: 64 << 20), Extent(offset: 192 << 20, length: size - 192 << 20)],
        "holes")
    },
    ConformanceCase("a namespace takes one label on its DIMM and gives it back") { machine in
      let region = try machine.region()
      let dimm = region.mappings[0].dimm
      func slots() throws -> Int {
        try machine.inventory().dimms.first { $0.dev == dimm }?.labels?.availableSlots ?? -1
      }
      let before = try slots()
      let namespace = try machine.create(.fsdax, mebibytes: 64)
      try machine.expectEqual(try slots(), before - 1, "free labels")
      try machine.perform(.disable(namespace: namespace.dev))
      try machine.perform(.free(namespace: namespace.dev))
      try machine.expectEqual(try slots(), before, "free labels")
    },
    ConformanceCase("there is always a place for the next namespace") { machine in
      for _ in 0..<4 {
        let seed = try machine.region().nextNamespace?.dev
        let namespace = try machine.create(.raw, mebibytes: 16)
        try machine.expectEqual(namespace.dev, seed ?? "", "name")
      }
    },
  ]

  // MARK: Refusals, errno for errno

  private static let refusals: [ConformanceCase] = [
    ConformanceCase("a size that is not aligned is EINVAL") { machine in
      try machine.expectErrno(22, what: "16 MiB + 4 KiB") { _ = try machine.allocate((16 << 20) + 4096) }
    },
    ConformanceCase("a size larger than the largest hole is ENOSPC") { machine in
      let size = try machine.region().size.rawValue
      try machine.expectErrno(28, what: "more than the region") { _ = try machine.allocate(size + 16 << 20) }
    },
    ConformanceCase("a UUID that is taken is EINVAL") { machine in
      let namespace = try machine.create(.raw, mebibytes: 16)
      let uuid = namespace.uuid ?? .random()
      try machine.expectErrno(22, what: "the same UUID") { _ = try machine.allocate(16 << 20, uuid: uuid) }
    },
    ConformanceCase("a device that is not there is ENXIO") { machine in
      try machine.expectErrno(6, what: "enable") { try machine.perform(.enable(namespace: "namespace99.0")) }
      try machine.expectErrno(6, what: "disable") {
        try machine.perform(.disable(namespace: "namespace99.0"))
      }
      try machine.expectErrno(6, what: "region") { try machine.perform(.disableRegion("region99")) }
    },
    ConformanceCase("an enabled namespace cannot be freed: EBUSY") { machine in
      let namespace = try machine.create(.raw, mebibytes: 16)
      try machine.expectErrno(16, what: "free") { try machine.perform(.free(namespace: namespace.dev)) }
    },
    ConformanceCase("an alignment that leaves nothing is ENXIO, and the claim can be released") { machine in
      let dev = try machine.allocate(16 << 20)
      try machine.perform(
        .claim(namespace: dev, .devdax(map: .dev, align: 1 << 30, uuid: .random())))
      try machine.expectErrno(6, what: "enable") { try machine.perform(.enable(namespace: dev)) }
      try machine.perform(.release(namespace: dev))
      try machine.perform(.free(namespace: dev))
    },
    ConformanceCase("an alignment whose boundary is never reached is ENXIO") { machine in
      // The kernel's own check wraps here (nd_pfn_init: size - end_trunc); it fails later, for another reason.
      _ = try machine.allocate(64 << 20)
      try machine.perform(.enable(namespace: "namespace\(try machine.region().id).0"))
      let dev = try machine.allocate(16 << 20)
      try machine.perform(.claim(namespace: dev, .fsdax(map: .dev, align: 1 << 30, uuid: .random())))
      try machine.expectErrno(6, what: "enable") { try machine.perform(.enable(namespace: dev)) }
      try machine.perform(.release(namespace: dev))
      try machine.perform(.free(namespace: dev))
    },
    ConformanceCase("a label-less namespace has no size to set") { machine in
      guard
        let whole = try machine.inventory().regions.first(where: { !$0.isLabeled && $0.isEnabled })?
          .namespaces.first
      else { return }
      try machine.expectErrno(6, 16, 2, what: "allocate") {
        try machine.perform(
          .allocate(Allocation(namespace: whole.dev, uuid: .random(), name: nil, size: .mebibytes(16))))
      }
    },
  ]

  // MARK: Life

  private static let life: [ConformanceCase] = [
    ConformanceCase("a disabled namespace shows its raw size, and is itself again when enabled") { machine in
      for mode in NamespaceMode.allCases {
        let before = try machine.create(mode, mebibytes: 64, name: "\(mode)")
        try machine.perform(.disable(namespace: before.dev))
        let disabled = try machine.namespace(before.dev)
        try machine.expectEqual(disabled.mode, .raw, "mode of a disabled \(mode)")
        try machine.expectEqual(disabled.size, .mebibytes(64), "size of a disabled \(mode)")
        try machine.expect(!disabled.isEnabled && disabled.node == nil, "\(mode) is still enabled")
        try machine.perform(.enable(namespace: before.dev))
        let after = try machine.namespace(before.dev)
        try machine.expectEqual(
          ConformanceMachine.lasting(after), ConformanceMachine.lasting(before), "\(mode) after enabling")
      }
    },
    ConformanceCase("a region's namespaces go and come with it, numbered by address") { machine in
      let first = try machine.create(.fsdax, mebibytes: 64, name: "first")
      let second = try machine.create(.sector, mebibytes: 64, name: "second")
      let third = try machine.create(.devdax, mebibytes: 64, name: "third")
      try machine.perform(.disable(namespace: first.dev))
      try machine.perform(.free(namespace: first.dev))
      try machine.perform(.disableRegion("region\(first.regionID)"))
      let disabled = try machine.region(first.regionID)
      try machine.expect(
        !disabled.isEnabled && disabled.namespaces.isEmpty, "namespaces of a disabled region")
      try machine.perform(.enableRegion("region\(first.regionID)"))
      let names = try machine.region(first.regionID).configuredNamespaces.map {
        [$0.dev, $0.name ?? "", $0.mode.rawValue]
      }
      try machine.expectEqual(
        names,
        [
          ["namespace\(first.regionID).0", "second", "sector"],
          ["namespace\(first.regionID).1", "third", "devdax"],
        ], "namespaces")
      let uuids = try machine.region(first.regionID).configuredNamespaces.map(\.uuid)
      try machine.expectEqual(uuids, [second.uuid, third.uuid], "UUIDs")
    },
    ConformanceCase("without its info block a namespace is raw") { machine in
      let namespace = try machine.create(.fsdax, mebibytes: 64)
      try machine.perform(.disable(namespace: namespace.dev))
      try machine.perform(.zeroInfoBlock(namespace: namespace.dev))
      try machine.perform(.enable(namespace: namespace.dev))
      try machine.expectEqual(try machine.namespace(namespace.dev).mode, .raw, "mode")
    },
    ConformanceCase("a destroyed namespace is gone and its space is free") { machine in
      let before = try machine.region().availableSize
      let namespace = try machine.create(.devdax, mebibytes: 64)
      let inventory = try machine.inventory()
      try PlanRunner(on: machine.backend).run(
        try NamespaceStatePlanner(inventory, inspector: machine.backend, contents: nil).destroy(
          [namespace], force: true))
      try machine.expectEqual(try machine.region().configuredNamespaces, [], "namespaces")
      try machine.expectEqual(try machine.region().availableSize, before, "free space")
    },
    ConformanceCase("an unused namespace has no user") { machine in
      let namespace = try machine.create(.fsdax, mebibytes: 64)
      let inventory = try machine.backend.inventory(.listing)
      try machine.expectEqual(try machine.backend.usage(of: [namespace], in: inventory).uses, [], "users")
    },
  ]
}
