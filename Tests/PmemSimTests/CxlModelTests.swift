import PmemDevice
import PmemModel
import Testing

@testable import PmemSim

/// drivers/cxl of a simulated machine: what it refuses, in the order of a creation's attributes, and how it numbers. The same
/// was compared with kernels 6.12 and 6.18 (Tests/VM/scenarios/85-cxl-lockstep.sh).
@Suite struct CxlModelTests {
  /// Two devices below each of two host bridges; a window on the first, one on both.
  private static func model(decoders: Int = 2, ram: UInt64 = 0) -> CxlModel {
    let unit = CxlRegionRequest.unit
    return CxlModel(
      booting: SimCxl(
        devices: (0..<4).map {
          SimCxl.Device(
            serial: 0x1001 + UInt64($0), ramSize: ram, pmemSize: 4 * unit, labelArea: 128 << 10,
            bridge: $0 / 2,
            decoders: decoders)
        },
        windows: [
          SimCxl.Window(base: 8 << 30, size: 8 * unit),
          SimCxl.Window(base: 16 << 30, size: 16 * unit, bridges: [0, 1], granularity: 4096, kinds: [.pmem]),
        ]), platformRegions: 1, rules: KernelRules("6.12"))
  }

  private static func recipe(
    _ model: CxlModel, _ devices: [Int], window: Int = 0, units: UInt64 = 1,
    _ change: (inout CxlRecipe) -> Void = { _ in }
  ) -> CxlRecipe {
    var recipe = CxlRecipe(
      region: "region\(model.state.nextNumbers[window])", kind: .pmem, window: "decoder0.\(window)",
      granularity: window == 0 ? 256 : 4096,
      members: devices.map { CxlRecipe.Member(memdev: "mem\($0)", serial: nil) },
      size: ByteCount(units * CxlRegionRequest.unit * UInt64(devices.count)), uuid: .random())
    change(&recipe)
    return recipe
  }

  /// The error of a creation, which must leave nothing behind.
  private static func refusal(
    _ devices: [Int], window: Int = 0, units: UInt64 = 1, of model: CxlModel = model(),
    _ change: (inout CxlRecipe) -> Void = { _ in }
  ) -> Int32? {
    var changed = model
    do {
      _ = try changed.create(recipe(model, devices, window: window, units: units, change))
      return nil
    } catch {
      #expect(changed == model, "\(error)")
      return (error as? KernelRefusal)?.errno
    }
  }

  @Test func whatTheKernelRefusesIsRefusedWithItsErrorAndLeavesNothing() {
    #expect(Self.refusal([0, 1]) == nil)
    #expect(Self.refusal([0, 2], window: 1) == nil)
    #expect(Self.refusal([0, 2, 1, 3], window: 1) == nil)
    // hdm.c
    #expect(Self.refusal([9]) == 6)
    #expect(Self.refusal([0], units: 5) == 28)
    #expect(Self.refusal([0]) { $0.size = ByteCount(CxlRegionRequest.unit / 2) } == 22)
    #expect(Self.refusal([0]) { $0.kind = .ram } == 6)
    // region.c: the window, its name for the region, the interleave, the UUID, the size.
    #expect(Self.refusal([0]) { $0.window = "decoder0.7" } == 2)
    #expect(Self.refusal([0]) { $0.region = "region9" } == 16)
    #expect(Self.refusal([0]) { $0.region = "regio" } == 22)
    #expect(Self.refusal([0]) { $0.granularity = 300 } == 22)
    #expect(Self.refusal([0, 2], window: 1) { $0.granularity = 256 } == 22)
    #expect(Self.refusal([0], window: 1) == 22)
    #expect(Self.refusal([0]) { $0.uuid = .null } == 22)
    #expect(Self.refusal([0]) { $0.uuid = nil } == 6)
    // The targets: a host bridge out of turn, one that the window does not have, a device twice, too many address bits.
    #expect(Self.refusal([2, 0], window: 1) == 6)
    #expect(Self.refusal([2]) == 6)
    #expect(Self.refusal([0, 0]) == 16)
    #expect(Self.refusal([0]) { $0.size = .zero } == 6)
  }

  @Test func numbersAreUsedAgainAsTheKernelDoes() throws {
    var model = Self.model(decoders: 4)
    #expect(model.state.nextNumbers == [1, 2])
    #expect(try model.create(Self.recipe(model, [0])).number == 1)
    #expect(model.state.nextNumbers == [3, 2])
    #expect(try model.create(Self.recipe(model, [1])).number == 3)
    #expect(model.state.nextNumbers == [4, 2])
    // The window takes the lower of a number that became free and its own.
    _ = try model.destroy(1)
    #expect(model.state.nextNumbers == [1, 2])
    _ = try model.destroy(3)
    #expect(model.state.nextNumbers == [1, 2])
    #expect(try model.create(Self.recipe(model, [0, 2], window: 1)).number == 2)
    #expect(model.state.nextNumbers == [1, 3])
  }

  @Test func addressesAreTheLowestThatFitAndBelowAPortInOrder() throws {
    var model = Self.model()
    let first = try model.create(Self.recipe(model, [0]))
    let second = try model.create(Self.recipe(model, [1]))
    #expect([first.base, second.base] == [8 << 30, (8 << 30) + CxlRegionRequest.unit])
    _ = try model.destroy(first.number)
    // The hole fits, but it is below a region of the same host bridge.
    #expect(Self.refusal([0], of: model) == 16)
    #expect(Self.refusal([0], units: 2, of: model) == 16)
    _ = try model.destroy(second.number)
    #expect(try model.create(Self.recipe(model, [0], units: 2)).base == 8 << 30)
  }

  @Test func aDeviceHasAsManyRegionsAsDecodersAndFreesThemFromTheLast() throws {
    var model = Self.model()
    let first = try model.create(Self.recipe(model, [0]))
    let second = try model.create(Self.recipe(model, [0]))
    #expect(model.state.decoders[0].map(\.start) == [0, CxlRegionRequest.unit])
    #expect(Self.refusal([0], of: model) == 16)
    // What is before another's memory stays allocated until that is free.
    #expect(try model.destroy(first.number) == ["decoder3.0"])
    #expect(model.state.decoders[0].map(\.region) == [nil, second.number])
    #expect(try model.destroy(second.number) == [])
    #expect(model.state.decoders[0] == [])
  }

  @Test func volatileMemoryComesFirst() throws {
    var model = Self.model(ram: 2 * CxlRegionRequest.unit)
    let pmem = try model.create(Self.recipe(model, [0]))
    #expect(model.state.decoders[0].map(\.start) == [2 * CxlRegionRequest.unit])
    // It is skipped by then (hdm.c:cxl_dpa_alloc).
    #expect(Self.refusal([0], of: model) { ($0.kind, $0.uuid) = (.ram, nil) } == 28)
    _ = try model.destroy(pmem.number)
    #expect(Self.refusal([0], of: model) { ($0.kind, $0.uuid) = (.ram, nil) } == nil)
    #expect(Self.refusal([0, 2], window: 1, of: model) { ($0.kind, $0.uuid) = (.ram, nil) } == 2)
  }

  @Test func aBridgeWithOneDeviceLetsOneRegionThrough() throws {
    var model = CxlModel(
      booting: SimCxl(
        devices: [SimCxl.Device(serial: 1, pmemSize: 1 << 30)],
        windows: [SimCxl.Window(base: 0, size: 1 << 30)]),
      platformRegions: 0, rules: KernelRules("6.12"))
    _ = try model.create(Self.recipe(model, [0]))
    #expect(Self.refusal([0], of: model) == 16)
  }

  @Test func theStateIsReadBackAsItWas() throws {
    var model = Self.model(ram: CxlRegionRequest.unit)
    let first = try model.create(Self.recipe(model, [0]))
    _ = try model.create(Self.recipe(model, [0, 2], window: 1))
    _ = try model.destroy(first.number)
    var reader = CxlStateReader(model.hardware, platformRegions: 1, file: "runtime")
    for line in CxlStateRecord.lines(model.state) {
      try reader.read(try RecordLine(line.text[...], number: 1, file: "runtime"))
    }
    #expect(try reader.complete() == model.state)
  }
}
