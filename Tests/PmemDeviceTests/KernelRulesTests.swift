import PmemDevice
import Testing

@Suite struct KernelRulesTests {
  private static let base: UInt64 = 6 << 30

  private func layout(
    _ kernel: String, start: UInt64 = base, mebibytes: UInt64, align: UInt64 = 2 << 20,
    map: MapLocation = .dev,
    neighbours: [Range<UInt64>] = []
  ) throws -> [UInt64] {
    let layout = try PfnLayout(
      start: start, size: mebibytes << 20, align: align, map: map, host: HostFacts(kernelRelease: kernel),
      neighbours: neighbours)
    return [layout.startPad, layout.dataOffset, layout.endTruncation].map { $0 >> 10 }
  }

  /// What the formulas of each kernel's nd_pfn_init() give, worked out by hand.
  @Test func memoryMapsAreSizedAsEachKernelDoes() throws {
    // 200 MiB: 51198 pages; in whole sections 65536.
    #expect(try layout("6.12", mebibytes: 200) == [0, 4096, 0])
    #expect(try layout("4.20", mebibytes: 200) == [0, 6144, 0])
    #expect(try layout("4.5", mebibytes: 200) == [0, 4096, 0])
    #expect(try layout("6.12", mebibytes: 200, map: .mem) == [0, 2048, 0])
    #expect(try layout("4.20", mebibytes: 200, align: 4096, map: .mem) == [0, 8, 0])
    #expect(try layout("4.5", mebibytes: 200, align: 4096, map: .mem) == [0, 8, 0])
  }

  @Test func sectionsSharedWithAnotherRegionAreCutOff() throws {
    let start = Self.base + 64 << 20
    let before = Self.base..<(Self.base + 64 << 20)
    #expect(try layout("4.20", start: start, mebibytes: 256, neighbours: [before])[0] == 64 << 10)
    #expect(try layout("4.20", start: start, mebibytes: 256, neighbours: [])[0] == 0)
    let end = Self.base + 200 << 20
    let behind = end..<(end + 1 << 30)
    #expect(try layout("4.20", mebibytes: 200, neighbours: [behind])[2] == 72 << 10)
    #expect(try layout("6.12", mebibytes: 200, neighbours: [behind])[2] == 0)
  }

  @Test func theFirstKernelsMapWholeSectionsOnly() {
    #expect(throws: PfnLayout.Failure.misalignedStart) {
      try layout("4.5", start: Self.base + 64 << 20, mebibytes: 256)
    }
    #expect(throws: PfnLayout.Failure.misalignedStart) { try layout("4.5", mebibytes: 64) }
  }

  @Test(arguments: [
    ("5.18", false), ("6.1", true), ("6.1.187", false), ("6.1.0-49-amd64", true), ("6.12", true),
    ("6.12.109", false), ("6.12.117+deb12-amd64", true), ("6.18", false), ("6.18.15+deb13-amd64", false),
    ("7.2.0", true),
  ]) func numbersOnTheMediaAreBounded(kernel: String, isBounded: Bool) {
    #expect(KernelRules(kernel).boundsMediaNumbers == isBounded)
  }

  @Test(arguments: [
    ("4.5", LabelVersion.v11, false, false, UInt16(0)), ("4.20", .v12, true, true, 2),
    ("5.4.0-42-generic", .v12, true, true, 4), ("6.12", .v12, true, true, 4),
  ]) func whatCameWhen(kernel: String, labels: LabelVersion, divides: Bool, devdax: Bool, minor: UInt16) {
    let rules = KernelRules(kernel)
    #expect(rules.newestLabels == labels)
    #expect(rules.dividesRegions == divides)
    #expect(rules.hasDeviceDax == devdax)
    #expect(rules.infoBlockMinor == minor)
  }
}
