import PmemDevice
import TestSupport
import Testing

@testable import PmemMedia

@Suite struct ChecksumRepairTests {
  private let label = NamespaceLabel(
    uuid: DeviceUUID("a517bb72-3576-4335-b07a-f144ca7b8cde") ?? .null, name: "fs", flags: 0, labelCount: 1,
    position: 0, setCookie: 0x1234_5678_9abc,
    sectorSize: 512, dpa: 0, rawSize: 128 << 20, slot: 3, claimClass: .pfn)

  private func repaired(_ bytes: [UInt8]) -> NamespaceLabel? {
    NamespaceLabel.repaired(bytes, slot: 3, cookie: 0x1234_5678_9abc, type: NamespaceLabel.persistentMemory)
  }

  @Test func anyDamageOfOneWordOfALabelIsUndoneOrRefused() throws {
    var generator = SeededGenerator(seed: 4)
    let whole = label.encoded(version: .v12)
    var count = 0
    for word in 0..<whole.count / 4 {
      for _ in 0..<32 {
        var damaged = whole
        for place in 0..<Int.random(in: 1...4, using: &generator) {
          damaged[word * 4 + place] ^= UInt8.random(in: 1...255, using: &generator)
        }
        let found = repaired(damaged)
        #expect(found == nil || found == label, "word \(word)")
        if found != nil { count += 1 }
      }
    }
    #expect(count > 1900)
  }

  /// Changes of two words that look like one of a third: what is next to a label rules most of those out too.
  @Test func damageOfMoreIsRefusedButForCoincidences() throws {
    var generator = SeededGenerator(seed: 3)
    let whole = label.encoded(version: .v12)
    #expect(repaired(whole) == nil)
    var coincidences = 0
    for _ in 0..<20_000 {
      var damaged = whole
      for place in (0..<whole.count / 4).shuffled(using: &generator).prefix(2) {
        damaged[place * 4] ^= UInt8.random(in: 1...255, using: &generator)
      }
      if repaired(damaged) != nil { coincidences += 1 }
    }
    #expect(coincidences < 5)
  }

  @Test func everyFlippedBitOfAnInfoBlockIsUndoneOrRefused() throws {
    let layout = try PfnLayout(
      start: 6 << 30, size: 128 << 20, align: 2 << 20, map: .dev, host: HostFacts(kernelRelease: "6.12"))
    let block = PfnInfoBlock(
      kind: .pfn, uuid: .random(), parentUUID: .random(), map: .dev, layout: layout, align: 2 << 20,
      host: HostFacts(kernelRelease: "6.12"))
    let whole = block.encoded
    for bit in stride(from: 0, to: 128 * 8, by: 1) {
      var damaged = whole
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      let found = PfnInfoBlock.repaired(damaged)
      #expect(found == nil || found == block, "bit \(bit)")
      // Below the highest bits of a word no other place explains the sum.
      if bit % 32 < 20 { #expect(found == block, "bit \(bit)") }
    }
  }
}
