import PmemDevice
import TestSupport
import Testing

/// The rules against what a 6.12 kernel was seen to do.
@Suite struct LayoutRuleTests {
  private static let host = HostFacts(kernelRelease: "6.12")
  private static let base: UInt64 = 0x1_8000_0000

  @Test(
    arguments: [
      (16, 14, 14), (64, 62, 62), (128, 124, 126), (256, 250, 254), (1024, 1006, 1022), (2048, 2014, 2046),
    ] as [(UInt64, UInt64, UInt64)])
  func fsdaxLeavesWhatTheKernelLeaves(taken: UInt64, onDevice: UInt64, inDRAM: UInt64) throws {
    func usable(_ map: MapLocation) throws -> UInt64 {
      try PfnLayout(start: Self.base, size: taken << 20, align: 2 << 20, map: map, host: Self.host).usable
        >> 20
    }
    #expect(try usable(.dev) == onDevice)
    #expect(try usable(.mem) == inDRAM)
  }

  @Test func oneGigabyteAlignmentNeedsTwo() throws {
    func layout(_ size: UInt64) throws -> PfnLayout {
      try PfnLayout(start: Self.base, size: size, align: 1 << 30, map: .dev, host: Self.host)
    }
    #expect(throws: PfnLayout.Failure.noRoom) { try layout(1 << 30) }
    #expect(try layout(2 << 30).usable == 1 << 30)
  }

  @Test func anAlignmentThatIsNeverReachedLeavesNothing() {
    // 16 MiB at 64 MiB: the last GiB boundary is before its start.
    #expect(throws: PfnLayout.Failure.noRoom) {
      try PfnLayout(start: Self.base + 64 << 20, size: 16 << 20, align: 1 << 30, map: .dev, host: Self.host)
    }
  }

  @Test func aMisalignedStartCannotBeMapped() {
    #expect(throws: PfnLayout.Failure.misalignedStart) {
      try PfnLayout(start: Self.base + 4096, size: 64 << 20, align: 4096, map: .dev, host: Self.host)
    }
  }

  @Test(
    arguments: [
      (128, 512, 133_017_600), (128, 520, 118_325_248), (128, 528, 118_325_248), (128, 4096, 133_009_408),
      (128, 4104, 130_945_024), (128, 4160, 130_945_024), (128, 4224, 128_950_272), (16, 4096, 15_683_584),
      (1024, 4096, 1_071_616_000),
    ] as [(UInt64, UInt64, UInt64)])
  func sectorModeLeavesWhatTheKernelLeaves(mebibytes: UInt64, blockSize: UInt64, usable: UInt64) {
    #expect(BttLayout(size: mebibytes << 20, blockSize: blockSize, version: .v2)?.usable == usable)
  }

  @Test func theOlderTableBeginsAPageLater() {
    #expect(BttLayout(size: 16 << 20, blockSize: 4096, version: .v1) == nil)
    #expect(BttLayout(size: 16 << 20, blockSize: 4096, version: .v2) != nil)
    #expect(BttLayout(size: 128 << 20, blockSize: 4096, version: .v1)?.arenas.first?.offset == 4096)
  }

  @Test func aTebibyteHasTwoArenas() {
    let layout = BttLayout(size: 1 << 40, blockSize: 4096, version: .v2)
    #expect(layout?.arenas.map(\.offset) == [0, 1 << 39])
    #expect(layout?.arenas.map(\.nextOffset) == [1 << 39, 0])
  }

  /// Nothing overlaps, whatever the numbers.
  @Test func layoutsStayWithinTheirNamespace() {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<5000 {
      let start = Self.base + UInt64.random(in: 0..<4096, using: &generator) << 21
      let size = UInt64.random(in: 1..<(1 << 20), using: &generator) << 12
      let align: UInt64 = [4096, 2 << 20, 1 << 30].randomElement(using: &generator) ?? 4096
      let map = Bool.random(using: &generator) ? MapLocation.dev : .mem
      if let layout = try? PfnLayout(start: start, size: size, align: align, map: map, host: Self.host) {
        let parts = layout.dataOffset + layout.usable + layout.endTruncation
        #expect(parts == size)
        let data = start + layout.dataOffset
        #expect(data.isMultiple(of: align))
        #expect(layout.usable.isMultiple(of: align))
      }
      let blockSize: UInt64 = RegionCapabilities.standard.sectorSizes.randomElement(using: &generator) ?? 512
      for arena in BttLayout(size: size, blockSize: blockSize, version: .v2)?.arenas ?? [] {
        let dataEnd: UInt64 = arena.dataOffset + arena.internalBlocks * arena.internalBlockSize
        let mapEnd: UInt64 = arena.mapOffset + arena.externalBlocks * 4
        #expect(dataEnd <= arena.mapOffset)
        #expect(mapEnd <= arena.logOffset)
        #expect(arena.info2Offset + 4096 <= arena.size)
      }
    }
  }

  @Test func dramCostSharesWhatIsAlike() {
    func cost(_ mode: NamespaceMode, _ align: UInt64, _ kernel: String) -> ByteCount {
      PfnLayout.memoryMapInDRAM(
        size: 1 << 40, mode: mode, align: align, host: HostFacts(kernelRelease: kernel))
    }
    #expect(cost(.fsdax, 2 << 20, "6.12") == .gibibytes(16))
    #expect(cost(.devdax, 2 << 20, "6.12") == .gibibytes(4))
    #expect(cost(.devdax, 1 << 30, "6.12") == .mebibytes(8))
    #expect(cost(.devdax, 2 << 20, "5.10.0-9-amd64") == .gibibytes(16))
  }
}
