import Foundation
import PmemctlCommands
import TestSupport
import Testing

/// Undo against its definition, over random sequences of changes.
///
/// A change touches the namespaces, known by the UUIDs of their labels, that differ before and after it. Its undo gives
/// each of them the state from before the change, if each is now as the change left it and its place is free; else it is
/// refused. No other namespace differs afterwards. The undo of the undo brings back what was there before the first.
@Suite struct UndoPropertyTests {
  enum Hardware: String, CaseIterable, Sendable {
    case single, old, set, unlabeled

    var dimms: [String] {
      switch self {
      case .single: ["--dimm", "512MiB"]
      case .old: ["--dimm", "512MiB,label-version=1.1"]
      case .set: ["--dimm", "256MiB,set=a", "--dimm", "256MiB,set=a"]
      case .unlabeled: ["--dimm", "256MiB,labels=none"]
      }
    }
  }

  struct Sequence: CustomTestStringConvertible, Sendable {
    let hardware: Hardware
    let seed: UInt64
    var testDescription: String { "\(hardware.rawValue) \(seed)" }
  }

  static let sequences = Hardware.allCases.flatMap { hardware in
    (1...(hardware == .unlabeled ? 8 : 12)).map { Sequence(hardware: hardware, seed: $0) }
  }

  @Test(arguments: sequences) func anUndoRestoresWhatItsChangeTouchedAndNothingElse(sequence: Sequence) throws
  {
    var trial = try UndoTrial(sequence)
    try trial.change()
    guard let chosen = trial.undoable.randomElement(using: &trial.chance) else { return }
    try trial.undo(chosen)
  }
}

/// A namespace as far as an undo must restore it.
private struct NamespaceState: Hashable {
  /// What `namespace list` reports, without the kernel's numbers.
  var properties: [String: String]
  /// Its labels.
  var extents: [MediaExtent]
  /// The first 8 KiB of each extent, which hold its info block.
  var heads: [Data]
}

private struct MediaExtent: Hashable {
  var dimm: String
  var offset: UInt64
  var size: UInt64

  func overlaps(_ other: MediaExtent) -> Bool {
    dimm == other.dimm && offset < other.offset + other.size && other.offset < offset + size
  }
}

/// A sequence of changes on a machine, with the states between them.
private struct UndoTrial {
  struct Change {
    let line: String
    /// nil where no record was kept.
    let record: Int?
    let before: [String: NamespaceState]
    let after: [String: NamespaceState]

    /// The UUIDs of what differs.
    var touched: Set<String> { Set(before.keys).union(after.keys).filter { before[$0] != after[$0] } }
  }

  private let harness: CommandHarness
  private let sequence: UndoPropertyTests.Sequence
  var chance: SeededGenerator
  private var changes: [Change] = []
  private var trail: [String] = []
  /// The page of noise at each place, and whose it is.
  private var noise: [MediaExtent: String] = [:]

  init(_ sequence: UndoPropertyTests.Sequence) throws {
    self.sequence = sequence
    let machines = UInt64(UndoPropertyTests.Hardware.allCases.count)
    let machine = UndoPropertyTests.Hardware.allCases.firstIndex(of: sequence.hardware) ?? 0
    chance = SeededGenerator(seed: sequence.seed &* machines &+ UInt64(machine))
    harness = try CommandHarness()
    let made = harness.run(["sim", "create", harness.machine] + sequence.hardware.dimms)
    #expect(made.status == .done, "\(made.err)")
  }

  var undoable: [Change] { changes.filter { $0.record != nil && !$0.touched.isEmpty } }

  // MARK: Changing

  mutating func change() throws {
    // What is there before, and must stay.
    if sequence.hardware != .unlabeled {
      for mode in ["fsdax", "sector"] {
        harness.run("namespace create --mode \(mode) --size 64MiB --name first-\(mode)")
      }
    }
    var state = try states()
    try writeNoise(state)
    let count = Int.random(in: 1...5, using: &chance)
    for _ in 0..<40 where changes.count < count {
      let line = randomChange(state)
      let record = try latestRecord()
      let answer = harness.run(line)
      let after = try states()
      trail.append("\(line) (\(answer.status))")
      guard answer.status == .done else {
        #expect(after == state, "a change that failed changed something: \(said(answer))")
        continue
      }
      let latest = try latestRecord()
      changes.append(Change(line: line, record: latest == record ? nil : latest, before: state, after: after))
      try writeNoise(after)
      state = after
    }
  }

  private mutating func randomChange(_ state: [String: NamespaceState]) -> String {
    let modes = ["fsdax", "devdax", "sector", "raw"]
    let mode = modes.randomElement(using: &chance) ?? "raw"
    let size = "\(32 * Int.random(in: 1...4, using: &chance))MiB"
    let fresh = "name\(Int.random(in: 0..<1000, using: &chance))"
    if sequence.hardware == .unlabeled {
      return [
        "namespace reconfigure --force --yes namespace0.0 --mode \(mode)",
        "namespace create --region region0 --force --yes --mode \(mode)",
        "namespace destroy --force --yes namespace0.0",
      ].randomElement(using: &chance) ?? ""
    }
    // By place: UUIDs are random.
    let places = state.sorted { first, second in
      let (one, two) = (first.value.extents.first, second.value.extents.first)
      return (one?.dimm ?? "", one?.offset ?? 0) < (two?.dimm ?? "", two?.offset ?? 0)
    }
    guard let target = places.randomElement(using: &chance)?.key,
      Int.random(in: 0..<10, using: &chance) > 2
    else { return "namespace create --mode \(mode) --size \(size) --name \(fresh)" }
    return [
      "namespace destroy --force --yes \(target)",
      "namespace reconfigure --force --yes \(target) --size \(size)",
      "namespace reconfigure --force --yes \(target) --mode \(mode)",
      "namespace rename \(target) \(fresh)",
    ].randomElement(using: &chance) ?? ""
  }

  // MARK: Undoing

  mutating func undo(_ change: Change) throws {
    guard let record = change.record else { return }
    let now = try states()
    let touched = change.touched
    let isAsLeft = touched.allSatisfy { now[$0] == change.after[$0] }
    let needed = touched.flatMap { change.before[$0]?.extents ?? [] }
    let taken = now.filter { !touched.contains($0.key) }.flatMap(\.value.extents)
    let isFree = !needed.contains { extent in taken.contains { $0.overlaps(extent) } }
    var expected = now
    for uuid in touched { expected[uuid] = change.before[uuid] }
    guard isAsLeft, isFree else {
      let answer = harness.run("undo run --yes \(record)")
      trail.append("undo run --yes \(record) (\(answer.status))")
      // A later change may have undone it: there is nothing to do then.
      let isUndone = touched.allSatisfy { now[$0] == change.before[$0] }
      #expect(
        answer.status == .refused || isUndone && answer.status == .done,
        "\(isAsLeft ? "a place is taken" : "a namespace was changed since"): \(said(answer))")
      try expect(now, "after what must be refused", answer)
      return
    }
    guard try undo(record, from: now, to: expected) else { return }
    let second = try latestRecord()
    // Once is enough.
    let again = harness.run("undo run --yes \(record)")
    #expect(again.status != .done && again.err.contains("undone"), "undone twice: \(said(again))")
    try expect(expected, "after an undo of what is undone", again)
    guard let second, second != record else {
      Issue.record("the undo left no record: \(said(again))")
      return
    }
    _ = try undo(second, from: expected, to: now)
  }

  /// - Returns: Whether the state is the expected one.
  private mutating func undo(
    _ record: Int, from now: [String: NamespaceState], to expected: [String: NamespaceState]
  ) throws -> Bool {
    var answer = harness.run("undo run --yes \(record)")
    trail.append("undo run --yes \(record) (\(answer.status))")
    // Where a namespace would be lost, that must be allowed.
    if answer.status == .refused, now.keys.contains(where: { expected[$0] == nil }) {
      try expect(now, "after a refusal", answer)
      answer = harness.run("undo run --yes --force \(record)")
      trail.append("undo run --yes --force \(record) (\(answer.status))")
    }
    #expect(answer.status == .done, "\(said(answer))")
    guard answer.status == .done else {
      try expect(now, "after an undo that failed", answer)
      return false
    }
    try expect(expected, "after the undo", answer)
    return try states() == expected
  }

  private func expect(_ expected: [String: NamespaceState], _ when: String, _ answer: Answer) throws {
    let now = try states()
    for uuid in Set(expected.keys).union(now.keys).sorted() where expected[uuid] != now[uuid] {
      Issue.record(
        "\(when), \(uuid) is \(words(now[uuid])), not \(words(expected[uuid])): \(said(answer))")
    }
    for (place, owner) in noise where now[owner]?.extents.contains(where: place.overlaps) ?? false {
      #expect(
        try read(place.dimm, at: place.offset, count: Self.page) == Self.noise(owner),
        "\(when), data of \(owner) are overwritten: \(said(answer))")
    }
  }

  private func words(_ state: NamespaceState?) -> String {
    guard let state else { return "absent" }
    let properties = state.properties.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    let extents = state.extents.map { "\($0.dimm)+\($0.offset)" }
    // Equal in words, they differ in their info blocks.
    let head = state.heads.reduce(into: UInt64(0)) { sum, head in
      for byte in head { sum = sum &* 31 &+ UInt64(byte) }
    }
    return "[\((properties + extents).joined(separator: " ")) head=\(String(head, radix: 16))]"
  }

  private func said(_ answer: Answer) -> String {
    "\(sequence.testDescription)\n" + trail.joined(separator: "\n") + "\n" + answer.err
  }

  // MARK: Looking

  private func json(_ line: String) throws -> [[String: Any]] {
    let answer = harness.run("\(line) --json")
    #expect(answer.status == .done, "\(said(answer))")
    return try JSONSerialization.jsonObject(with: Data(answer.out.utf8)) as? [[String: Any]] ?? []
  }

  private func latestRecord() throws -> Int? { try json("undo list").first?["id"] as? Int }

  private func states() throws -> [String: NamespaceState] {
    var labels: [String: [MediaExtent]] = [:]
    if sequence.hardware != .unlabeled {
      for area in try json("label read all") {
        for label in area["label"] as? [[String: Any]] ?? [] where label["state"] as? String == "active" {
          let extent = MediaExtent(
            dimm: area["dev"] as? String ?? "", offset: (label["dpa"] as? NSNumber)?.uint64Value ?? 0,
            size: (label["rawsize"] as? NSNumber)?.uint64Value ?? 0)
          labels[label["uuid"] as? String ?? "", default: []].append(extent)
        }
      }
    }
    var states: [String: NamespaceState] = [:]
    for namespace in try json("namespace list") {
      let isLabeled = sequence.hardware != .unlabeled
      let id = (isLabeled ? namespace["raw_uuid"] ?? namespace["uuid"] : namespace["dev"]) as? String ?? ""
      let extents = isLabeled ? labels[id] ?? [] : [MediaExtent(dimm: "nmem0", offset: 0, size: 256 << 20)]
      var properties: [String: String] = [:]
      for key in [
        "mode", "map", "size", "uuid", "raw_uuid", "sector_size", "align", "state", "name", "raw_size",
        "region",
        "resource",
      ] {
        properties[key] = namespace[key].map { "\($0)" }
      }
      states[id] = NamespaceState(
        properties: properties, extents: extents,
        heads: try extents.map { try read($0.dimm, at: $0.offset, count: 8192) })
    }
    return states
  }

  // MARK: Noise

  private static let page = 4096
  /// Behind every info block and every memory map, in front of the map of every BTT.
  private static let noiseOffset: UInt64 = 9 << 20

  private static func noise(_ uuid: String) -> Data {
    var generator = SeededGenerator(seed: uuid.utf8.reduce(5381) { $0 &* 33 &+ UInt64($1) })
    return Data((0..<page).map { _ in UInt8.random(in: 0...255, using: &generator) })
  }

  /// Writes a page into every namespace that has none.
  private mutating func writeNoise(_ states: [String: NamespaceState]) throws {
    for (uuid, state) in states {
      for extent in state.extents {
        let place = MediaExtent(
          dimm: extent.dimm, offset: extent.offset + Self.noiseOffset, size: UInt64(Self.page))
        guard noise[place] != uuid else { continue }
        noise[place] = uuid
        let image = try FileHandle(forUpdating: URL(fileURLWithPath: "\(harness.machine)/\(extent.dimm).img"))
        try image.seek(toOffset: place.offset)
        try image.write(contentsOf: Self.noise(uuid))
        try image.close()
      }
    }
  }

  private func read(_ dimm: String, at offset: UInt64, count: Int) throws -> Data {
    let image = try FileHandle(forReadingFrom: URL(fileURLWithPath: "\(harness.machine)/\(dimm).img"))
    defer { try? image.close() }
    try image.seek(toOffset: offset)
    return try image.read(upToCount: count) ?? Data()
  }
}
