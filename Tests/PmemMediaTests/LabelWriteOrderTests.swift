import PmemDevice
import PmemMedia
import TestSupport
import Testing

@Suite struct LabelWriteOrderTests {
  /// A cut anywhere in the write of an edited area leaves the labels of before or of after.
  @Test(arguments: LabelVersion.allCases, 0..<2) func aCutLosesNoLabel(version: LabelVersion, edits: Int)
    throws
  {
    var generator = SeededGenerator(seed: 3)
    func label(_ name: String, _ uuid: DeviceUUID) -> NamespaceLabel {
      NamespaceLabel(
        uuid: uuid, name: name, flags: 0, labelCount: 1, position: 0, setCookie: 7, sectorSize: 512, dpa: 0,
        rawSize: 16 << 20, slot: 0, claimClass: ClaimClass.none)
    }
    let uuids = (0..<4).map { _ in DeviceUUID.random(using: &generator) }
    let layout = try #require(LabelLayout(areaSize: 128 << 10, version: version))
    var old = [UInt8](repeating: 0, count: layout.areaSize)
    for copy in 0..<2 {
      let index = LabelIndex(layout: layout, copy: copy, sequence: copy == 0 ? 1 : 2).encoded
      old.replaceSubrange(copy * layout.indexSize..<copy * layout.indexSize + index.count, with: index)
    }
    // Each edit puts the other copy of the index in force.
    for edit in 0...edits {
      old = try #require(
        LabelEdit([uuids[0]: [label("a\(edit)", uuids[0])], uuids[edit + 1]: [label("b", uuids[edit + 1])]])
          .applied(to: old))
    }
    let new = try #require(
      LabelEdit([uuids[0]: [label("renamed", uuids[0])], uuids[1]: [], uuids[3]: [label("c", uuids[3])]])
        .applied(to: old))
    let before = Self.labels(old), after = Self.labels(new)
    #expect(before != after)
    let parts = LabelWriteOrder(new).parts
    #expect(parts.map(\.count).reduce(0, +) == new.count)
    var media = old
    for part in parts {
      for begin in stride(from: part.lowerBound, to: part.upperBound, by: 64) {
        let end = min(begin + 64, part.upperBound)
        guard media[begin..<end] != new[begin..<end] else { continue }
        for cut in stride(from: begin, to: end, by: 8) {
          var torn = media
          torn.replaceSubrange(begin..<cut, with: new[begin..<cut])
          let found = Self.labels(torn)
          #expect(found == before || found == after, "cut at \(cut)")
        }
        media.replaceSubrange(begin..<end, with: new[begin..<end])
      }
    }
    #expect(media == new)
  }

  @Test func anAreaWithoutIndexIsWrittenFromItsStart() {
    #expect(LabelWriteOrder([UInt8](repeating: 0, count: 4096)).parts == [0..<4096])
    #expect(LabelWriteOrder([]).parts.isEmpty)
  }

  private static func labels(_ area: [UInt8]) -> Set<String> {
    Set(LabelStore(area).active.map { "\($0.uuid) \($0.name)" })
  }
}
