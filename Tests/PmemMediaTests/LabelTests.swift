import PmemDevice
import PmemMedia
import TestSupport
import Testing

@Suite struct LabelTests {
  @Test(arguments: [(128, LabelVersion.v11, 1020), (128, .v12, 510), (256, .v11, 2040), (256, .v12, 1022)])
  func areasHoldAsManyLabelsAsTheKernelFinds(kibibytes: Int, version: LabelVersion, slots: Int) {
    #expect(LabelLayout(areaSize: kibibytes << 10, version: version)?.slotCount == slots)
  }

  @Test func anAreaTooSmallForLabelsHasNoLayout() {
    #expect(LabelLayout(areaSize: 512, version: .v12) == nil)
    #expect(LabelLayout(areaSize: 0, version: .v11) == nil)
  }

  /// The cookies that Linux computes for QEMU's DIMMs in slots 0 and 1.
  @Test func cookiesAreTheKernels() {
    func member(_ slot: UInt32) -> [InterleaveMember] {
      [InterleaveMember(regionOffset: 0, serial: 0x12_3456 + slot, vendor: 0x8086)]
    }
    #expect(InterleaveCookie.v11(member(0)) == 0x2468_ac00_1234_56)
    #expect(InterleaveCookie.v12(member(0)) == 0xba_9012_0012_b4dc)
    #expect(InterleaveCookie.v12(member(1)) == 0xba_901c_0012_b4dd)
  }

  @Test(arguments: LabelVersion.allCases) func whatIsWrittenIsRead(version: LabelVersion) throws {
    var generator = SeededGenerator(seed: 5)
    for slot in 0..<50 {
      var label = NamespaceLabel(
        uuid: .random(using: &generator), name: "name \(slot)", flags: 0, labelCount: 2, position: 1,
        setCookie: .random(in: 0...(.max), using: &generator), sectorSize: 512, dpa: 16 << 20,
        rawSize: 64 << 20,
        slot: UInt32(slot), claimClass: version == .v11 ? ClaimClass.none : .btt2)
      if version == .v11 { label.typeGUID = nil }
      let bytes = label.encoded(version: version)
      #expect(bytes.count == version.labelSize)
      #expect(try NamespaceLabel(bytes, slot: slot, version: version) == label)
      #expect(throws: MediaError.self) { try NamespaceLabel(bytes, slot: slot + 1, version: version) }
    }
  }

  /// The kernel ignores a label on a CXL region that has the type of other memory.
  @Test(arguments: [NamespaceLabel.persistentMemory, NamespaceLabel.cxlMemory])
  func aRepairGivesALabelTheTypeOfItsMemory(type: DeviceUUID) throws {
    var context = LabelRepair.Context(
      count: 1, position: 0, cookie: 7, extent: Extent(offset: 0, length: 1 << 30), mates: [])
    context.type = type
    for written in [NamespaceLabel.persistentMemory, NamespaceLabel.cxlMemory] {
      var label = NamespaceLabel(
        uuid: .random(), name: "", flags: 0, labelCount: 1, position: 0, setCookie: 7, sectorSize: 512,
        dpa: 0, rawSize: 64 << 20, slot: 0, claimClass: ClaimClass.none)
      label.typeGUID = written
      let blank = [UInt8](repeating: 0, count: 128 << 10)
      let fresh = try #require(FreshLabels(over: blank, version: .v12)?.stages.last)
      let area = try #require(LabelEdit([label.uuid: [label]]).applied(to: fresh))
      let member = SetProbe.Member(labels: [label], extent: context.extent)
      if written == type {
        #expect(LabelRepair(area, in: context).fixes.isEmpty)
        #expect(try SetProbe([member], cookie: 7, alternate: nil, type: type).found.count == 1)
      } else {
        #expect(LabelStore(LabelRepair(area, in: context).area).active.map(\.typeGUID) == [type])
        #expect(throws: SetProbe.Refusal.self) {
          try SetProbe([member], cookie: 7, alternate: nil, type: type)
        }
      }
    }
  }

  @Test func anIndexIsReadBackAndTheLaterCopyCounts() throws {
    let layout = try #require(LabelLayout(areaSize: 128 << 10, version: .v12))
    var first = LabelIndex(layout: layout, copy: 0, sequence: 3)
    first.free[7] = false
    let second = LabelIndex(layout: layout, copy: 1, sequence: LabelIndex.next(3))
    #expect(try LabelIndex(first.encoded, copy: 0, layout: layout) == first)
    #expect(throws: MediaError.self) { try LabelIndex(first.encoded, copy: 1, layout: layout) }
    #expect(LabelIndex.current(first, second) == second)
    #expect(LabelIndex.current(second, first) == second)
  }

  @Test func oneFlippedBitIsSeen() throws {
    let layout = try #require(LabelLayout(areaSize: 128 << 10, version: .v12))
    let index = LabelIndex(layout: layout, copy: 0, sequence: 1).encoded
    for bit in stride(from: 0, to: index.count * 8, by: 31) {
      var damaged = index
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(throws: MediaError.self) { try LabelIndex(damaged, copy: 0, layout: layout) }
    }
  }
}

@Suite struct InfoBlockTests {
  private static let host = HostFacts(kernelRelease: "6.12")

  @Test(arguments: [PfnInfoBlock.Kind.pfn, .dax]) func pfnBlocksAreReadBack(kind: PfnInfoBlock.Kind) throws {
    let layout = try PfnLayout(start: 6 << 30, size: 64 << 20, align: 2 << 20, map: .dev, host: Self.host)
    let block = PfnInfoBlock(
      kind: kind, uuid: .random(), parentUUID: .random(), map: .dev, layout: layout, align: 2 << 20,
      host: Self.host)
    #expect(block.encoded.count == 4096)
    #expect(try PfnInfoBlock(block.encoded) == block)
  }

  @Test(arguments: [BttLayout.Version.v1, .v2]) func bttBlocksAreReadBack(version: BttLayout.Version) throws {
    let layout = try #require(BttLayout(size: 64 << 20, blockSize: 4160, version: version))
    let block = BttInfoBlock(uuid: .random(), parentUUID: .random(), arena: layout.arenas[0], layout: layout)
    #expect(try BttInfoBlock(block.encoded) == block)
  }

  @Test func mapEntriesAreReadAndWritten() {
    #expect(BttMapEntry(raw: 0) == .initial)
    #expect(BttMapEntry(raw: 0).block(of: 7) == 7)
    #expect(BttMapEntry(raw: 0xc000_0005) == .normal(block: 5))
    #expect(BttMapEntry(raw: 0x8000_0005) == .zero(block: 5))
    #expect(BttMapEntry(raw: 0x4000_0005).block(of: 7) == 5)
    for entry in [BttMapEntry.initial, .zero(block: 1), .failed(block: 2), .normal(block: 3)] {
      #expect(BttMapEntry(raw: entry.raw) == entry)
    }
  }

  @Test func theLaterOfTwoLogEntriesCounts() throws {
    let layout = try #require(BttLayout(size: 64 << 20, blockSize: 4096, version: .v2))
    var log = BttLog(fresh: layout.arenas[0])
    #expect(try BttLog(log.encoded, lanes: 256) == log)
    #expect(try log.current(lane: 3).newMap == UInt32(layout.arenas[0].externalBlocks) + 3)
    for (older, later) in [(1, 2), (2, 3), (3, 1)] as [(UInt32, UInt32)] {
      for place in 0...1 {
        log.lanes[0][place] = BttLog.Entry(number: 9, oldMap: 1, newMap: 2, sequence: older)
        log.lanes[0][1 - place] = BttLog.Entry(number: 9, oldMap: 2, newMap: 4, sequence: later)
        #expect(try BttLog(log.encoded, lanes: 256).current(lane: 0).newMap == 4)
      }
    }
    log.lanes[0][1].sequence = log.lanes[0][0].sequence
    #expect(throws: MediaError.self) { try log.current(lane: 0) }
  }

  @Test func logsOfOldKernelsAreRead() throws {
    let layout = try #require(BttLayout(size: 64 << 20, blockSize: 4096, version: .v1))
    var log = BttLog(fresh: layout.arenas[0])
    log.lanes[5][2] = BttLog.Entry(number: 1, oldMap: 1, newMap: 2, sequence: 2)
    #expect(try BttLog(log.encoded, lanes: 256).slots == [0, 2])
    #expect(try BttLog(log.encoded, lanes: 256).current(lane: 5).newMap == 2)
    log.lanes[6][1] = log.lanes[5][2]
    #expect(throws: MediaError.self) { try BttLog(log.encoded, lanes: 256) }
    #expect(throws: MediaError.self) { try BttLog(log.encoded, lanes: 257) }
  }

  /// Bytes that are right, for a mutation to spoil.
  private static func samples() throws -> [[UInt8]] {
    let btt = try #require(BttLayout(size: 64 << 20, blockSize: 4160, version: .v2))
    let pfn = try PfnLayout(start: 6 << 30, size: 64 << 20, align: 4096, map: .mem, host: Self.host)
    let labels = LabelVersion.allCases.flatMap { version -> [[UInt8]] in
      guard let layout = LabelLayout(areaSize: 4096, version: version) else { return [] }
      let label = NamespaceLabel(
        uuid: .random(), name: "name", flags: 0, labelCount: 1, position: 0, setCookie: 1, sectorSize: 512,
        dpa: 0, rawSize: 16 << 20, slot: 0, claimClass: ClaimClass.none)
      return [
        LabelIndex(layout: layout, copy: 0, sequence: 1).encoded, label.encoded(version: version),
      ]
    }
    return labels + [
      PfnInfoBlock(
        kind: .pfn, uuid: .random(), parentUUID: .null, map: .mem, layout: pfn, align: 4096, host: Self.host
      ).encoded,
      BttInfoBlock(uuid: .random(), parentUUID: .random(), arena: btt.arenas[0], layout: btt).encoded,
      BttLog(fresh: btt.arenas[0]).encoded,
    ]
  }

  /// What a change of `bytes` at random does to them, or random bytes.
  private static func mutated(_ sample: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = sample
    switch Int.random(in: 0..<5, using: &generator) {
    case 0:
      bytes = (0..<Int.random(in: 0...5000, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
    case 1: bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator)))
    default: break
    }
    for _ in 0..<Int.random(in: 1...20, using: &generator) where !bytes.isEmpty {
      let value = [0, 1, 0x7f, 0x80, 0xff, UInt8.random(in: 0...255, using: &generator)]
      bytes[Int.random(in: bytes.indices, using: &generator)] = value.randomElement(using: &generator) ?? 0
    }
    return bytes
  }

  @Test func anyBytesAreDecodedOrRefused() throws {
    var generator = SeededGenerator(seed: 13)
    let layouts = LabelVersion.allCases.compactMap { LabelLayout(areaSize: 4096, version: $0) }
    let samples = try Self.samples()
    for round in 0..<20_000 {
      let bytes = Self.mutated(samples[round % samples.count], &generator)
      if let block = try? PfnInfoBlock(bytes) { #expect(block.encoded.count == PfnInfoBlock.size) }
      if let block = try? BttInfoBlock(bytes) { #expect(block.encoded.count == BttInfoBlock.size) }
      for layout in layouts {
        if let index = try? LabelIndex(bytes, copy: round % 2, layout: layout) {
          #expect(index.free.count <= layout.areaSize)
        }
        _ = try? NamespaceLabel(bytes, slot: 0, version: layout.version)
      }
      if let log = try? BttLog(bytes, lanes: round % 300) {
        for lane in log.lanes.indices { _ = try? log.current(lane: lane) }
      }
    }
  }
}
