import Foundation
import PmemMedia
import PmemctlCommands
import Testing

/// Damaged media: what is reported of them, and that what is suggested brings back what it promises.
@Suite struct DamageTests {
  /// One DIMM with a namespace of each mode, whose image can be changed.
  private func machine() throws -> CommandHarness {
    let harness = try CommandHarness.threeModes()
    try FileManager.default.removeItem(atPath: harness.machine + "/undo")
    return harness
  }

  private static let areaStart: UInt64 = 512 << 20

  private func change(
    _ harness: CommandHarness, at offset: UInt64, count: Int, boots: Bool = true,
    _ body: (inout ByteFields) -> Void
  ) throws {
    try harness.change(at: offset, count: count, body)
    if boots { harness.run(["sim", "reboot", harness.machine]) }
  }

  private func change(
    label name: String, of harness: CommandHarness, isSealed: Bool = true, _ body: (inout ByteFields) -> Void
  ) throws {
    let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: harness.machine + "/nmem0.img"))
    try handle.seek(toOffset: Self.areaStart)
    let store = LabelStore(Array(try handle.readToEnd() ?? Data()))
    let layout = try #require(store.layout)
    let slot = try #require(store.active.first { $0.name == name }).slot
    try change(harness, at: Self.areaStart + UInt64(layout.offset(ofSlot: Int(slot))), count: 256) { fields in
      body(&fields)
      if isSealed { fields.set(fields.checksum(excluding: 248), at: 248, width: 8) }
    }
  }

  /// What doctor reports, and that its first suggestion, pasted, leaves nothing to report.
  private func cure(
    _ harness: CommandHarness, of words: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let sick = harness.run("doctor")
    #expect(sick.status == .failed, sourceLocation: sourceLocation)
    for word in words {
      #expect(sick.out.contains(word), "\(sick.out)", sourceLocation: sourceLocation)
    }
    let line = try #require(
      sick.out.split(separator: "\n").first { $0.contains("try: pmemctl") && $0.contains("repair") },
      "\(sick.out)", sourceLocation: sourceLocation)
    let command = line.split(separator: " ").drop { $0 != "pmemctl" }.dropFirst().map(String.init)
    let plan = harness.run(command + ["--dry-run"])
    #expect(plan.status == .done, "\(plan.err)", sourceLocation: sourceLocation)
    #expect(harness.run("doctor").out == sick.out, sourceLocation: sourceLocation)
    let cured = harness.run(command + ["--yes"])
    #expect(cured.status == .done, "\(cured.err)", sourceLocation: sourceLocation)
    #expect(harness.run("doctor").out == "no problems found\n", sourceLocation: sourceLocation)
    harness.run(["sim", "reboot", harness.machine])
    #expect(harness.run("doctor").out == "no problems found\n", sourceLocation: sourceLocation)
    let list = harness.run("namespace list").out
    for mode in ["fsdax", "devdax", "sector"] {
      #expect(list.contains(mode), "\(list)", sourceLocation: sourceLocation)
    }
  }

  // MARK: Info blocks

  @Test(arguments: [("fs", UInt64(0), "fsdax"), ("dd", 128 << 20, "devdax")])
  func anInfoBlockThatCouldNotBeReadWhenItsNamespaceWasEnabled(
    _ name: String, _ start: UInt64, _ mode: String
  ) throws {
    let harness = try machine()
    let spoil: (inout ByteFields) -> Void = { $0.set($0.u64(0) ^ 1, at: 0, width: 8) }
    #expect(harness.run("region disable region0").status == .done)
    try change(harness, at: start + PfnInfoBlock.offset, count: 8, boots: false, spoil)
    let enabled = harness.run("region enable region0")
    #expect(enabled.err.contains("so it is presented as raw"), "\(enabled.err)")
    try change(harness, at: start + PfnInfoBlock.offset, count: 8, boots: false, spoil)
    let sick = harness.run("doctor")
    #expect(sick.status == .failed)
    #expect(sick.out.contains("its \(mode) info block is good, but it is presented as raw"), "\(sick.out)")
    let line = try #require(sick.out.split(separator: "\n").first { $0.contains("try: ") })
    for command in String(line.split(separator: ":", maxSplits: 1)[1]).components(separatedBy: "&&") {
      #expect(harness.run(command.split(separator: " ").dropFirst().map(String.init)).status == .done)
    }
    #expect(harness.run("doctor").out == "no problems found\n")
  }

  @Test(arguments: [("fs", UInt64(0)), ("dd", 128 << 20)]) func aFlippedBitOfAnInfoBlock(
    name: String, start: UInt64
  ) throws {
    for bit in [0, 8 * 20 + 3, 8 * 57, 8 * 85 + 5] {
      let harness = try machine()
      try change(harness, at: start + 4096, count: 4096) { $0.bytes[bit / 8] ^= 1 << UInt8(bit % 8) }
      try cure(harness, of: ["\"\(name)\"", "is presented as raw", "begin at"])
    }
  }

  @Test func anInfoBlockOfWhichNothingIsLeftIsNotGuessed() throws {
    let harness = try machine()
    try change(harness, at: 4096, count: 4096) { $0 = ByteFields(count: 4096) }
    let sick = harness.run("doctor")
    #expect(sick.out.contains("its label says fsdax, but no info block is there"), "\(sick.out)")
    let answer = harness.run("infoblock repair fs")
    #expect(
      answer.status == .badData && answer.err.contains("there is no evidence of its old content"),
      "\(answer.err)")
    #expect(harness.run("infoblock verify fs").status == .badData)
  }

  @Test func theFirstInfoBlockOfABTT() throws {
    let harness = try machine()
    try change(harness, at: 192 << 20, count: 4096) { $0 = ByteFields(count: 4096) }
    try cure(harness, of: ["\"sec\"", "its first BTT info block is lost"])
  }

  @Test func bothInfoBlocksOfABTT() throws {
    let harness = try machine()
    for place: UInt64 in [192 << 20, (256 << 20) - 4096] {
      try change(harness, at: place, count: 4096) { $0 = ByteFields(count: 4096) }
    }
    try cure(harness, of: ["\"sec\"", "its label says sector, but no info block is there"])
  }

  @Test func aLogWithoutAnOrder() throws {
    let harness = try machine()
    var log: UInt64 = 0
    try change(harness, at: 192 << 20, count: 4096) { log = $0.u64(104) }
    try change(harness, at: 192 << 20 + log, count: 64) { fields in
      fields.set(Array(fields.bytes[0..<16]), at: 16)
    }
    try cure(harness, of: ["claims it, but is not enabled", "the kernel refuses its media"])
  }

  // MARK: Labels

  @Test func aLabelThatLostItsChecksum() throws {
    let harness = try machine()
    try change(label: "fs", of: harness, isSealed: false) { $0.bytes[249] ^= 0x55 }
    try cure(harness, of: ["\"fs\", 128 MiB", "its space counts as free"])
  }

  @Test func aLabelOfASetOfTwo() throws {
    let harness = try machine()
    try change(label: "dd", of: harness) { $0.set(2, at: 84, width: 2) }
    #expect(harness.run("label check nmem0").out.contains("says that it is one of 2"))
    try cure(harness, of: ["region0", "says that it is one of 2", "\"fs\" (128 MiB)", "not visible"])
  }

  @Test func aLabelThatClaimsTheSpaceOfAnother() throws {
    let harness = try machine()
    try change(label: "dd", of: harness) { $0.set(0, at: 104, width: 8) }
    try cure(harness, of: ["EBUSY", "\"dd\"", "\"fs\"", "one raw namespace over all of them"])
  }

  @Test func bothIndexBlocks() throws {
    let harness = try machine()
    try change(harness, at: Self.areaStart, count: 512) { $0 = ByteFields(count: 512) }
    try cure(harness, of: ["3 whole labels", "one raw namespace"])
    // Nothing suggests to write over them.
    try change(harness, at: Self.areaStart, count: 512) { $0 = ByteFields(count: 512) }
    #expect(!harness.run("doctor").out.contains("label init"))
  }

  @Test func aRepairCanBeUndone() throws {
    let harness = try machine()
    try change(label: "fs", of: harness, isSealed: false) { $0.bytes[249] ^= 0x55 }
    #expect(!harness.run("namespace list").out.contains("fsdax"))
    #expect(harness.run("label repair nmem0 --yes").status == .done)
    #expect(harness.run("namespace list").out.contains("fsdax"))
    #expect(harness.run("undo run --yes").status == .done)
    // Numbers are assigned in the order of slots.
    #expect(!harness.run("namespace list").out.contains("fsdax"))
  }

  @Test func aWrittenAreaIsReadBack() throws {
    let harness = try machine()
    let zeroed = harness.run("label zero --force --yes --discard-content nmem0")
    #expect(zeroed.out == "zeroed the labels of nmem0: no labels\n", "\(zeroed.err)")
  }

  // MARK: Bad blocks

  /// The log of a BTT.
  @Test func theLogOfAnOldKernelIsRewrittenIfAsked() throws {
    let harness = try machine()
    harness.run("namespace disable sec")
    let shown = harness.run("infoblock read sec --json").out
    let block = try #require(try JSONSerialization.jsonObject(with: Data(shown.utf8)) as? [[String: Any]])
    let offset = try #require(block.first?["logoff"] as? UInt64)
    let log = UInt64(192 << 20) + offset
    var spares: [UInt32] = []
    try change(harness, at: log, count: 256 * BttLog.laneSize, boots: false) { fields in
      for lane in 0..<256 {
        let start = lane * BttLog.laneSize
        spares.append(fields.u32(start + 4))
        for (index, value) in [UInt32(lane), spares[lane], spares[lane], 2].enumerated() {
          fields.set(value, at: start + 32 + index * 4, width: 4)
        }
      }
    }
    let found = harness.run("namespace check sec")
    #expect(found.status == .done && found.out.contains("format of kernels before 4.15"), "\(found.out)")
    #expect(harness.run("namespace check sec --rewrite-log").status == .usage)
    #expect(harness.run("namespace check sec --repair").out == found.out, "only if asked")
    #expect(harness.run("namespace check sec --repair --rewrite-log").status == .done)
    try change(harness, at: log, count: 256 * BttLog.laneSize, boots: false) { fields in
      for lane in 0..<256 {
        let start = lane * BttLog.laneSize
        #expect(fields.u32(start + 4) == spares[lane] && fields.u32(start + 12) == 1)
        #expect((4..<16).allSatisfy { fields.u32(start + $0 * 4) == 0 }, "lane \(lane)")
      }
    }
    let again = harness.run("namespace check sec --repair --rewrite-log --dry-run")
    #expect(again.out.contains("good"), "nothing is written twice: \(again.out)")
  }

  @Test(arguments: ["namespace rename sec other", "namespace check --force sec"])
  func aNamespaceThatWouldNotComeBackIsNotDisabled(command: String) throws {
    let harness = try machine()
    var log: UInt64 = 0
    try change(harness, at: 192 << 20, count: 4096) { log = $0.u64(104) }
    // The blocks turn bad while it is enabled.
    #expect(harness.run("sim inject-error sec --block \(log / 512)").status == .done)
    let answer = harness.run(command)
    #expect(answer.status == .refused && answer.err.contains("would not come back"), "\(answer.err)")
    let list = harness.run("namespace list sec").out
    #expect(list.contains("enabled"), "\(list)")
    // Left to a person, it is as was said.
    harness.run("namespace disable sec")
    #expect(harness.run("namespace enable sec").status == .failed)
  }
}
