import PmemDevice
import TestSupport
import Testing

@testable import PmemInspect

@Suite struct MapperTableTests {
  private static let pmem0 = DeviceTable.device(259, 0)
  private static let pmem1 = DeviceTable.device(259, 1)

  @Test func linearTargetsAreFollowed() throws {
    let table = try #require(MapperTable(parsing: "0 1024 linear 259:0 8\n1024 2048 linear 259:1 0\n"))
    let pieces = try #require(table.pieces(of: Extent(offset: 1000 * 512, length: 100 * 512)))
    #expect(pieces.map(\.device) == [Self.pmem0, Self.pmem1])
    #expect(pieces.map(\.extent.offset) == [1008 * 512, 0])
    #expect(pieces.map(\.extent.length) == [24 * 512, 76 * 512])
    #expect(table.pieces(of: Extent(offset: 3000 * 512, length: 100 * 512)) == nil)
  }

  /// Every sector by itself, as the kernel maps it (drivers/md/dm-stripe.c:stripe_map_sector).
  @Test func stripesAreFollowed() throws {
    let table = try #require(MapperTable(parsing: "0 65536 striped 2 16 259:0 0 259:1 160\n"))
    var generator = SeededGenerator(seed: 101)
    for _ in 0..<500 {
      let start = UInt64.random(in: 0..<60_000, using: &generator)
      let length = UInt64.random(in: 1...500, using: &generator)
      let pieces = try #require(table.pieces(of: Extent(offset: start * 512, length: length * 512)))
      var sectors: [String] = []
      for piece in pieces {
        for sector in 0..<(piece.extent.length / 512) {
          sectors.append("\(piece.device) \(piece.extent.offset / 512 + sector)")
        }
      }
      let expected = (start..<(start + length)).map { sector -> String in
        let chunk = sector / 16
        let device = chunk % 2 == 0 ? Self.pmem0 : Self.pmem1
        return "\(device) \(chunk / 2 * 16 + sector % 16 + (chunk % 2 == 0 ? 0 : 160))"
      }
      #expect(sectors == expected)
    }
  }

  @Test(arguments: [
    "0 1024 crypt aes 0 259:0 0", "0 1024 linear 259:0", "0 1024 striped 2 16 259:0 0",
    "x 1024 linear 259:0 0",
    "0 1024 striped 2 0 259:0 0 259:1 0", "0 99999999999999999999 linear 259:0 0",
  ])
  func whatIsNotKnownIsNotGuessed(text: String) { #expect(MapperTable(parsing: text) == nil) }

  @Test func buffersOfRingsAreRead() {
    let text = """
      SqMask:\t0x3
      UserFiles:\t0
      UserBufs:\t3
          0: 0x7f4dd0c00000/8388608
          1: <none>
          2: 0x7f4dd1c00000/4096
      PollList:
        op=1, task_works=0
      """
    let buffers = RingBuffers.parse(Array(text.utf8))
    #expect(buffers.map(\.address) == [0x7f4d_d0c0_0000, 0x7f4d_d1c0_0000])
    #expect(buffers.map(\.length) == [8_388_608, 4096])
    #expect(RingBuffers.parse(Array("UserBufs:\t0\nPollList:\n".utf8)).isEmpty)
  }

  @Test func deviceNumbersGoBothWays() {
    var generator = SeededGenerator(seed: 103)
    for _ in 0..<1000 {
      let major = UInt32.random(in: 0..<4096, using: &generator)
      let minor = UInt32.random(in: 0..<(1 << 20), using: &generator)
      let device = DeviceTable.device(major, minor)
      #expect(DeviceTable.major(device) == major && DeviceTable.minor(device) == minor)
    }
  }
}
