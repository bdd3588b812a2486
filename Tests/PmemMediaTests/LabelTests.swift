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
      let label = NamespaceLabel(
        uuid: .random(using: &generator), name: "name \(slot)", flags: 0, labelCount: 2, position: 1,
        setCookie: .random(in: 0...(.max), using: &generator), sectorSize: 512, dpa: 16 << 20,
        rawSize: 64 << 20,
        slot: UInt32(slot), claimClass: version == .v11 ? ClaimClass.none : .btt2)
      let bytes = label.encoded(version: version)
      #expect(bytes.count == version.labelSize)
      #expect(try NamespaceLabel(bytes, slot: slot, version: version) == label)
      #expect(throws: MediaError.self) { try NamespaceLabel(bytes, slot: slot + 1, version: version) }
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

  @Test func anyBytesAreDecodedOrRefused() throws {
    var generator = SeededGenerator(seed: 13)
    let layout = try #require(LabelLayout(areaSize: 128 << 10, version: .v12))
    let pfn = PfnInfoBlock(
      kind: .pfn, uuid: .random(), parentUUID: .null, map: .mem,
      layout: try PfnLayout(start: 6 << 30, size: 64 << 20, align: 4096, map: .mem, host: Self.host),
      align: 4096,
      host: Self.host
    ).encoded
    for round in 0..<3000 {
      var bytes =
        round % 2 == 0 ? pfn : [UInt8](repeating: 0, count: Int.random(in: 0...5000, using: &generator))
      for _ in 0..<Int.random(in: 1...20, using: &generator) where !bytes.isEmpty {
        bytes[Int.random(in: bytes.indices, using: &generator)] = .random(in: 0...255, using: &generator)
      }
      _ = try? PfnInfoBlock(bytes)
      _ = try? BttInfoBlock(bytes)
      _ = try? LabelIndex(bytes, copy: round % 2, layout: layout)
      _ = try? NamespaceLabel(bytes, slot: 0, version: .v12)
    }
  }
}
