import PmemDevice
import PmemMedia
import TestSupport

/// Seeded damage of labels, info blocks and BTTs: in each field, with right and wrong checksums, in one copy or both, on one DIMM
/// of a set, several at once.
public struct MediaDamage {
  /// What is on the media of a namespace; offsets from its start.
  public struct Structures {
    let name: String
    /// From the region's start.
    let start: UInt64
    let uuid: DeviceUUID
    var block: (offset: UInt64, bytes: [UInt8])?
    /// The second info block of a BTT.
    var copy: (offset: UInt64, bytes: [UInt8])?
    var map: UInt64 = 0
    var log: UInt64 = 0

    /// Reads them.
    ///
    /// - Parameters:
    ///   - name: Of a namespace on a region of one DIMM.
    ///   - area: The label area of the DIMM.
    ///   - offset: Of the region on the DIMM, bytes.
    ///   - read: Gives so many bytes at an offset from the region's start.
    /// - Throws: The error of reading, and if the namespace has no label.
    public init(
      of name: String, labeled area: [UInt8], regionAt offset: UInt64, read: (UInt64, Int) throws -> [UInt8]
    ) throws {
      guard let label = LabelStore(area).active.first(where: { $0.name == name }) else {
        throw DeviceError(.notFound, "\(name) has no label")
      }
      self.name = name
      uuid = label.uuid
      start = label.dpa - offset
      for place in [UInt64(0), 4096] {
        let bytes = try read(start + place, 4096)
        if (try? PfnInfoBlock(bytes)) != nil { block = (place, bytes) }
        guard let found = try? BttInfoBlock(bytes) else { continue }
        block = (place, bytes)
        let second = place + found.info2Offset
        copy = (second, try read(start + second, 4096))
        (map, log) = (place + found.mapOffset, place + found.logOffset)
      }
    }
  }

  /// Bytes to be written.
  public struct Edit {
    /// From the region's start.
    public let offset: UInt64
    public let bytes: [UInt8]
  }

  /// One to three damages at once.
  public struct Round {
    public internal(set) var edits: [Edit] = []
    /// Damaged label areas, by the position of the DIMM.
    public internal(set) var areas: [Int: [UInt8]] = [:]
    public internal(set) var words: [String] = []
    /// The block of a BTT whose map entry was damaged.
    public internal(set) var mapEntry: Int?
  }

  private var generator: SeededGenerator
  /// By the position of the DIMM.
  private var labels: [[UInt8]] = []
  private var layout: LabelLayout?
  private var active: [[NamespaceLabel]] = []
  private var structures: [Structures] = []
  /// How often each field of each structure was damaged.
  public private(set) var counts: [String: Int] = [:]

  public init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// What is there before any damage.
  public struct Known {
    /// Label areas, by the position of the DIMM.
    let labels: [[UInt8]]
    /// Of its namespaces; empty if labels alone are damaged.
    let structures: [Structures]

    public init(labels: [[UInt8]], structures: [Structures]) {
      (self.labels, self.structures) = (labels, structures)
    }
  }

  public mutating func learn(_ known: Known) {
    labels = known.labels
    structures = known.structures
    layout = labels.first.flatMap { LabelStore($0).layout }
    active = labels.map { LabelStore($0).active }
  }

  /// The damages that follow are those of a seed.
  public mutating func start(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// One to three damages.
  public mutating func next() -> Round {
    var round = Round()
    for _ in 0..<([1, 1, 1, 2, 3].randomElement(using: &generator) ?? 1) {
      switch Int.random(in: 0..<(structures.isEmpty ? 4 : 12), using: &generator) {
      case 0: index(&round)
      case 1..<4: label(&round)
      case 4..<7: block("fs", .pfn, &round)
      case 7: block("dd", .pfn, &round)
      case 8, 9: block("sec", .btt, &round)
      case 10: graft(&round)
      default: logOrMap(&round)
      }
    }
    return round
  }

  private mutating func note(_ structure: String, _ field: String, _ words: String, in round: inout Round) {
    counts["\(structure) \(field)", default: 0] += 1
    round.words.append("\(structure) \(words)")
  }

  // MARK: Labels

  /// One index, or the same field of both.
  private mutating func index(_ round: inout Round) {
    guard let layout else { return }
    let position = Int.random(in: labels.indices, using: &generator)
    let copies = [[0], [1], [0, 1]].randomElement(using: &generator) ?? [0]
    let field = DamagedField.index.randomElement(using: &generator) ?? DamagedField.index[0]
    for copy in copies {
      var area = round.areas[position] ?? labels[position]
      let start = copy * layout.indexSize
      let (bytes, text) = damaged(Array(area[start..<start + layout.indexSize]), field, checksumAt: 64)
      area.replaceSubrange(start..<start + layout.indexSize, with: bytes)
      round.areas[position] = area
      note("index", field.name, "\(copy) of DIMM \(position): \(text)", in: &round)
    }
  }

  private mutating func label(_ round: inout Round) {
    let position = Int.random(in: labels.indices, using: &generator)
    guard let layout, let label = active[position].randomElement(using: &generator) else { return }
    let size = layout.version.labelSize
    let start = layout.offset(ofSlot: Int(label.slot))
    var area = round.areas[position] ?? labels[position]
    let field = DamagedField.label(size: size).randomElement(using: &generator) ?? DamagedField.index[0]
    let (bytes, text) = damaged(
      Array(area[start..<start + size]), field, checksumAt: size == 256 ? 248 : nil,
      others: active.joined().map { Array($0.encoded(version: layout.version)) })
    area.replaceSubrange(start..<start + size, with: bytes)
    round.areas[position] = area
    note("label", field.name, "\(label.name) of DIMM \(position): \(text)", in: &round)
  }

  // MARK: Info blocks

  private enum Kind: String {
    case pfn
    case btt
  }

  /// The info block of a namespace; of a BTT one copy, the other, or the same field of both.
  private mutating func block(_ name: String, _ kind: Kind, _ round: inout Round) {
    guard let found = structures.first(where: { $0.name == name }), let block = found.block else { return }
    let fields = kind == .pfn ? DamagedField.pfn : DamagedField.btt
    guard let field = fields.randomElement(using: &generator) else { return }
    var copies = [block]
    if let copy = found.copy {
      copies = [[block], [block], [copy], [block, copy]].randomElement(using: &generator) ?? copies
    }
    for (offset, bytes) in copies {
      let (bytes, text) = damaged(bytes, field, checksumAt: 4088)
      round.edits.append(Edit(offset: found.start + offset, bytes: bytes))
      note("\(kind) info block", field.name, "of \(name) at \(offset): \(text)", in: &round)
    }
  }

  /// The info block of another namespace in one that is raw, with the raw one's parent UUID or its own.
  private mutating func graft(_ round: inout Round) {
    guard let raw = structures.first(where: { $0.name == "rw" }),
      let other = structures.filter({ $0.block != nil }).randomElement(using: &generator),
      let block = other.block
    else { return }
    var fields = ByteFields(block.bytes)
    let isAdopted = Bool.random(using: &generator)
    if isAdopted {
      for (index, byte) in raw.uuid.bytes.enumerated() { fields.set(UInt64(byte), at: 32 + index, width: 1) }
      fields.set(fields.checksum(excluding: 4088), at: 4088, width: 8)
    }
    let offset: UInt64 = Bool.random(using: &generator) ? 0 : 4096
    round.edits.append(Edit(offset: raw.start + offset, bytes: fields.bytes))
    note(
      "foreign info block", isAdopted ? "adopted" : "as it is", "of \(other.name) in rw at \(offset)",
      in: &round)
  }

  private mutating func logOrMap(_ round: inout Round) {
    guard let found = structures.first(where: { $0.name == "sec" }) else { return }
    if Int.random(in: 0..<3, using: &generator) == 0 {
      let entry = Int.random(in: 0..<1000, using: &generator)
      // Both flags, one, or none; inside and outside of the arena.
      let range: Range<UInt32> = Bool.random(using: &generator) ? 0..<9000 : 0..<1 << 30
      let flags = UInt32.random(in: 0..<4, using: &generator)
      let value = flags << 30 | UInt32.random(in: range, using: &generator)
      var fields = ByteFields(count: 4)
      fields.set(UInt64(value), at: 0, width: 4)
      round.edits.append(Edit(offset: found.start + found.map + UInt64(entry) * 4, bytes: fields.bytes))
      round.mapEntry = entry
      note("btt map", "entry", "\(entry) = \(value)", in: &round)
      return
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
    round.edits.append(Edit(offset: found.start + found.log + lane * 64, bytes: fields.bytes))
    note("btt log", "lane", text, in: &round)
  }

  // MARK: Fields

  /// Bytes with one field changed, sealed in two of three cases.
  private mutating func damaged(
    _ bytes: [UInt8], _ field: DamagedField, checksumAt checksum: Int?, others: [[UInt8]] = []
  ) -> ([UInt8], String) {
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
        + (isSealed || checksum == nil ? "" : " (checksum wrong)")
    )
  }

  private mutating func value(near old: UInt64) -> UInt64 {
    let mebibytes: UInt64 = 1 << 20
    let choices: [UInt64] = [
      0, 1, 2, 3, 4, 63, 64, 255, 256, 512, 520, 4096, 8192, 65536, 2 * mebibytes, 4 * mebibytes,
      16 * mebibytes, 32 * mebibytes, 1 << 30, 1 << 40, .max, old ^ 1,
      old ^ (1 << UInt64.random(in: 0..<64, using: &generator)),
      old &+ 4096, old &- 4096, old &+ 2 * mebibytes, old &- 2 * mebibytes, old &+ 16 * mebibytes,
      UInt64.random(in: 0...UInt64.max, using: &generator),
      UInt64.random(in: 0..<64, using: &generator) * 2 * mebibytes,
    ]
    return choices.randomElement(using: &generator) ?? 0
  }
}
