import PmemDevice
import Testing

@Suite struct PinAttributionTests {
  private static let page: UInt64 = 2 << 20

  private static func process(_ pid: Int) -> ProcessName {
    ProcessName(pid: pid, command: RawText("p\(pid)"))
  }

  private static func range(
    _ first: UInt64, _ pages: UInt64, pins: UInt64, references: Int64 = 0, isExact: Bool = true,
    page: UInt64 = page
  ) -> PinnedRange {
    PinnedRange(
      device: "dax0.0", namespace: "namespace0.0", extent: Extent(offset: first * page, length: pages * page),
      pageSize: page, pins: pins, references: references, isExact: isExact, kind: .unknown)
  }

  private static func buffer(_ pid: Int, _ first: UInt64?, _ pages: UInt64, page: UInt64 = page)
    -> PinEvidence
  {
    PinEvidence(
      process: process(pid), evidence: .ioUring(bytes: pages * page),
      ranges: first.map {
        [
          NamespaceRange(
            namespace: "namespace0.0", extent: Extent(offset: $0 * page, length: pages * page))
        ]
      }, pins: 1)
  }

  private func classified(_ ranges: [PinnedRange], _ evidence: [PinEvidence]) -> [PinnedRange] {
    PinAttribution("namespace0.0", evidence, rules: KernelRules("6.12")).classified(ranges)
  }

  @Test func neighboursOfDifferentHoldersAreToldApart() {
    let found = classified([Self.range(0, 8, pins: 1)], [Self.buffer(1, 0, 3), Self.buffer(2, 3, 5)])
    #expect(found.map(\.extent.length) == [3 * Self.page, 5 * Self.page])
    #expect(found.map { $0.holders.map(\.process.pid) } == [[1], [2]])
    #expect(found.allSatisfy { $0.unexplained == 0 && $0.kind == .pinned })
  }

  @Test func whatNobodyTellsOfRemainsUnexplained() {
    let found = classified([Self.range(0, 4, pins: 3)], [Self.buffer(1, 0, 4)])
    #expect(found.map(\.unexplained) == [2])
    #expect(classified([Self.range(0, 4, pins: 3)], []).map(\.kind) == [.orphan])
  }

  /// A buffer that is not mapped any more can be anywhere that is long enough.
  @Test func aLostBufferIsLookedForWhereItFits() {
    let lost = Self.buffer(1, nil, 4)
    let short = Self.buffer(2, nil, 1)
    let found = classified([Self.range(0, 4, pins: 1), Self.range(9, 1, pins: 1)], [lost, short])
    #expect(found.map { $0.holders.map(\.process.pid) } == [[1, 2], [2]])
    // Where it is the only one, it is named all the same: no pin is called an orphan too soon.
    #expect(classified([Self.range(9, 1, pins: 1)], [lost]).map(\.kind) == [.pinned])
  }

  /// Of a thousand regions, the one that is as long as what is pinned.
  @Test func aProcessIsNamedOnceForAKind() {
    let regions = (1...1000).map { pages in
      PinEvidence(
        process: Self.process(5), evidence: .rdma(device: "rxe0", bytes: UInt64(pages) * Self.page), pins: 1)
    }
    let found = classified([Self.range(0, 8, pins: 512)], regions)
    #expect(found.map { $0.holders.map(\.evidence) } == [[.rdma(device: "rxe0", bytes: 8 * Self.page)]])
  }

  /// As many pins as were counted, told of by others: they are no plain references.
  @Test func evidenceMakesSmallPagesCertain() {
    let small = Self.range(0, 4, pins: 1, isExact: false, page: 4096)
    #expect(classified([small], [Self.buffer(1, 0, 4, page: 4096)]).map(\.isExact) == [true])
    #expect(classified([small], [Self.buffer(1, nil, 4, page: 4096)]).map(\.isExact) == [false])
  }

  @Test func plainReferencesAreOfPipesNotOfPins() {
    let pipe = PinEvidence(process: Self.process(3), evidence: .pipe(bytes: 4096), pins: 0)
    let found = classified([Self.range(0, 1, pins: 0, references: 1)], [Self.buffer(1, nil, 1), pipe])
    #expect(found.map(\.kind) == [.referenced])
    #expect(found.flatMap { $0.holders.map(\.process.pid) } == [3])
    #expect(classified([Self.range(0, 1, pins: 0, references: -5)], []).map(\.kind) == [.corrupt])
  }

  @Test func usesTellTheWorst() {
    func effect(_ evidence: [PinEvidence], pins: UInt64) -> Usage.Effect? {
      let ranges = classified([Self.range(0, 1, pins: pins)], evidence)
      let device = DevicePins(
        device: "dax0.0", namespace: "namespace0.0", mode: .devdax, size: 1 << 30, ranges: ranges)
      return PinUse(KernelRules("6.12"), evidence).uses(of: "namespace0.0", [device]).first {
        $0.kind == .pin
      }?.effect
    }
    let vfio = PinEvidence(process: Self.process(4), evidence: .vfio(name: "/dev/vfio/3"), pins: 0)
    #expect(effect([Self.buffer(1, 0, 1)], pins: 1) == .crash)
    #expect(effect([vfio], pins: 512) == .corrupts)
    #expect(effect([vfio, Self.buffer(1, 0, 1)], pins: 513) == .crash)
    #expect(effect([], pins: 512) == Usage.Effect.none)
  }
}
