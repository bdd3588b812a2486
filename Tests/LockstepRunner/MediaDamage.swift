import PmemDevice
import PmemMedia
import TestSupport

/// Seeded damage of labels, info blocks and BTTs: in each field, with right and wrong checksums, several at once.
struct MediaDamage {
  struct Edit {
    let namespace: String
    let offset: UInt64
    let bytes: [UInt8]
  }

  /// A field of a structure: its name, offset and width.
  private typealias Field = (name: String, offset: Int, width: Int)

  private static let indexFields: [Field] = [
    ("sig", 0, 1), ("labelsize", 19, 1), ("seq", 20, 4), ("myoff", 24, 8), ("mysize", 32, 8),
    ("otheroff", 40, 8),
    ("labeloff", 48, 8), ("nslot", 56, 4), ("major", 60, 2), ("minor", 62, 2), ("free", 72, 1),
    ("free", 73, 1),
  ]
  private static let labelFields: [Field] = [
    ("uuid", 0, 8), ("name", 16, 8), ("flags", 80, 4), ("nlabel", 84, 2), ("position", 86, 2),
    ("isetcookie", 88, 8),
    ("lbasize", 96, 8), ("dpa", 104, 8), ("rawsize", 112, 8), ("slot", 120, 4), ("type_guid", 128, 8),
    ("abstraction_guid", 144, 8),
  ]
  private static let pfnFields: [Field] = [
    ("signature", 0, 2), ("uuid", 16, 8), ("parent_uuid", 32, 8), ("flags", 48, 4), ("version_major", 52, 2),
    ("version_minor", 54, 2), ("dataoff", 56, 8), ("npfns", 64, 8), ("mode", 72, 4), ("start_pad", 76, 4),
    ("end_trunc", 80, 4), ("align", 84, 4), ("page_size", 88, 4), ("page_struct_size", 92, 2),
  ]
  private static let bttFields: [Field] = [
    ("signature", 0, 2), ("uuid", 16, 8), ("parent_uuid", 32, 8), ("flags", 48, 4), ("version_major", 52, 2),
    ("version_minor", 54, 2), ("external_lbasize", 56, 4), ("external_nlba", 60, 4), ("nfree", 72, 4),
    ("mapoff", 96, 8), ("logoff", 104, 8), ("info2off", 112, 8),
  ]

  private var generator: SeededGenerator
  private var layout: LabelLayout?
  private var active: [NamespaceLabel] = []
  private var log: UInt64 = 0
  private var map: UInt64 = 0

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// What is there before any damage.
  mutating func learn(labels: [UInt8], media: [String: [(offset: UInt64, bytes: [UInt8])]]) {
    let store = LabelStore(labels)
    layout = store.layout
    active = store.active
    for piece in media["sec"] ?? [] where piece.offset > 8192 {
      map = piece.offset
      log = piece.offset + UInt64(piece.bytes.count) - 4096 - 256 * 64
    }
  }

  /// - Returns: What is to be written to namespaces, the label area if it is damaged, and both in words.
  mutating func next(
    _ labels: [UInt8], _ media: [String: [(offset: UInt64, bytes: [UInt8])]]
  ) -> (edits: [Edit], area: [UInt8]?, words: [String]) {
    var edits: [Edit] = []
    var area = labels
    var words: [String] = []
    for _ in 0..<([1, 1, 1, 2, 3].randomElement(using: &generator) ?? 1) {
      switch Int.random(in: 0..<10, using: &generator) {
      case 0: words.append(index(&area))
      case 1..<4: words.append(label(&area))
      case 4..<7: words.append(block("fs", 4096, Self.pfnFields, media, &edits))
      case 7: words.append(block("dd", 4096, Self.pfnFields, media, &edits))
      case 8: words.append(block("sec", 0, Self.bttFields, media, &edits))
      default: words.append(logOrMap(media, &edits))
      }
    }
    return (edits, area == labels ? nil : area, words)
  }

  // MARK: Structures

  private mutating func index(_ area: inout [UInt8]) -> String {
    guard let layout else { return "" }
    let copy = Int.random(in: 0...1, using: &generator)
    let start = copy * layout.indexSize
    let (bytes, text) = damaged(
      Array(area[start..<start + layout.indexSize]), Self.indexFields, checksumAt: 64)
    area.replaceSubrange(start..<start + layout.indexSize, with: bytes)
    return "index \(copy) \(text)"
  }

  private mutating func label(_ area: inout [UInt8]) -> String {
    guard let layout, let label = active.randomElement(using: &generator) else { return "" }
    let start = layout.offset(ofSlot: Int(label.slot))
    let size = layout.version.labelSize
    let (bytes, text) = damaged(
      Array(area[start..<start + size]), Self.labelFields, checksumAt: size == 256 ? 248 : nil,
      others: active.map { Array($0.encoded(version: layout.version)) })
    area.replaceSubrange(start..<start + size, with: bytes)
    return "label \(label.name) \(text)"
  }

  private mutating func block(
    _ name: String, _ offset: Int, _ fields: [Field], _ media: [String: [(offset: UInt64, bytes: [UInt8])]],
    _ edits: inout [Edit]
  ) -> String {
    guard let head = media[name]?.first?.bytes else { return "" }
    let (bytes, text) = damaged(
      Array(head[offset..<offset + 4096]), fields, checksumAt: 4088)
    edits.append(Edit(namespace: name, offset: UInt64(offset), bytes: bytes))
    return "info block \(name) \(text)"
  }

  private mutating func logOrMap(
    _ media: [String: [(offset: UInt64, bytes: [UInt8])]], _ edits: inout [Edit]
  ) -> String {
    if Bool.random(using: &generator), Bool.random(using: &generator) {
      let entry = UInt64.random(in: 0..<1000, using: &generator)
      let value = UInt32.random(in: 0...UInt32.max, using: &generator)
      var fields = ByteFields(count: 4)
      fields.set(value, at: 0, width: 4)
      edits.append(Edit(namespace: "sec", offset: map + entry * 4, bytes: fields.bytes))
      return "map \(entry) = \(value)"
    }
    let lane = UInt64.random(in: 0..<256, using: &generator)
    var fields = ByteFields(count: 64)
    var text = "lane \(lane) ="
    for place in 0..<4 where place < 2 || Int.random(in: 0..<6, using: &generator) == 0 {
      if place > 0, Int.random(in: 0..<4, using: &generator) == 0 { continue }
      let values: [UInt32] = [
        UInt32.random(in: 0..<4000, using: &generator), UInt32.random(in: 0..<9000, using: &generator),
        UInt32.random(in: 0..<9000, using: &generator), UInt32.random(in: 0...5, using: &generator),
      ]
      for (index, value) in values.enumerated() { fields.set(value, at: place * 16 + index * 4, width: 4) }
      text += " \(place):\(values)"
    }
    edits.append(Edit(namespace: "sec", offset: log + lane * 64, bytes: fields.bytes))
    return text
  }

  // MARK: Fields

  /// Bytes with one field changed, sealed in two of three cases.
  private mutating func damaged(
    _ bytes: [UInt8], _ fields: [Field], checksumAt checksum: Int?, others: [[UInt8]] = []
  ) -> ([UInt8], String) {
    guard let field = fields.randomElement(using: &generator) else { return (bytes, "") }
    var changed = ByteFields(bytes)
    let old = changed.integer(at: field.offset, width: field.width)
    let value: UInt64
    if let other = others.randomElement(using: &generator), Bool.random(using: &generator) {
      value = ByteFields(other).integer(at: field.offset, width: field.width)
    } else {
      value = self.value(near: old)
    }
    changed.set(value, at: field.offset, width: field.width)
    let isSealed = Int.random(in: 0..<3, using: &generator) > 0
    if isSealed, let checksum {
      changed.set(changed.checksum(excluding: checksum), at: checksum, width: 8)
    }
    return (
      changed.bytes,
      "\(field.name) \(old) -> \(changed.integer(at: field.offset, width: field.width))"
        + (isSealed ? "" : " (checksum wrong)")
    )
  }

  private mutating func value(near old: UInt64) -> UInt64 {
    let mebibytes: UInt64 = 1 << 20
    let choices: [UInt64] = [
      0, 1, 2, 3, 4, 63, 64, 255, 256, 512, 520, 4096, 8192, 65536, 2 * mebibytes, 4 * mebibytes,
      16 * mebibytes,
      32 * mebibytes, 1 << 30, 1 << 40, .max, old ^ 1,
      old ^ (1 << UInt64.random(in: 0..<64, using: &generator)),
      old &+ 4096, old &- 4096, old &+ 2 * mebibytes, old &- 2 * mebibytes, old &+ 16 * mebibytes,
      UInt64.random(in: 0...UInt64.max, using: &generator),
      UInt64.random(in: 0..<64, using: &generator) * 2 * mebibytes,
    ]
    return choices.randomElement(using: &generator) ?? 0
  }
}
