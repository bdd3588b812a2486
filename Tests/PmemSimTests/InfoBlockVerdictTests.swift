import PmemDevice
import PmemMedia
import PmemSim
import Testing

/// What the simulated kernel makes of info blocks and BTTs of any content, as drivers/nvdimm of 6.12 does.
@Suite struct InfoBlockVerdictTests {
  private static let pfn = PfnInfoBlock.offset

  /// Fields of a whole PFN info block: offset, width, value, verdict.
  struct Field: CustomTestStringConvertible {
    let name: String
    let offset: Int
    let width: Int
    let value: UInt64
    let verdict: String

    var testDescription: String { name }

    init(_ name: String, _ offset: Int, _ width: Int, _ value: UInt64, _ verdict: String) {
      (self.name, self.offset, self.width, self.value, self.verdict) = (name, offset, width, value, verdict)
    }
  }

  @Test(arguments: [
    Field("signature", 0, 1, 0, "raw enabled"),
    Field("parent uuid", 32, 8, 1, "raw enabled"),
    Field("major version", 52, 2, 9, "fsdax enabled"),
    Field("minor version without sizes", 54, 2, 3, "fsdax enabled"),
    Field("memory map nowhere", 72, 4, 3, "raw enabled"),
    Field("memory map in DRAM", 72, 4, 1, "fsdax enabled"),
    Field("page size", 88, 4, 65536, "raw disabled"),
    Field("smaller pages", 88, 4, 512, "fsdax enabled"),
    Field("struct page size", 92, 2, 32, "raw disabled"),
    Field("larger struct page", 92, 2, 128, "fsdax enabled"),
    Field("data offset beyond the end", 56, 8, 1 << 40, "raw disabled"),
    Field("data offset between pages", 56, 8, (4 << 20) + 512, "raw disabled"),
    Field("data offset that leaves no room for the memory map", 56, 8, 2 << 20, "fsdax claimed, disabled"),
    Field("data offset 0", 56, 8, 0, "fsdax claimed, disabled"),
    Field("alignment larger than the namespace", 84, 4, 1 << 30, "raw disabled"),
    Field("alignment that is no power of two", 84, 4, 3, "fsdax enabled"),
    Field("alignment left to the data offset", 84, 4, 0, "fsdax enabled"),
    Field("start padding between subsections", 76, 4, 4096, "raw disabled"),
    Field("start padding", 76, 4, 2 << 20, "fsdax enabled"),
    Field("end truncation between subsections", 80, 4, 4096, "raw disabled"),
    Field("end truncation", 80, 4, 2 << 20, "fsdax enabled"),
    Field("end truncation of all", 80, 4, 126 << 20, "raw disabled"),
    Field("end truncation of more than all", 80, 4, 256 << 20, "fsdax claimed, disabled"),
    Field("page count", 64, 8, 7, "fsdax enabled"),
  ]) func aFieldOfAPFNInfoBlock(field: Field) throws {
    let machine = try DamagedMachine()
    try machine.change(infoBlock: "fs", at: Self.pfn) {
      $0.set(field.value, at: field.offset, width: field.width)
    }
    #expect(try machine.verdict("fs") == field.verdict)
  }

  /// btt.c:discover_arenas, since 2026.
  @Test(arguments: [(KernelProfile.v612, "sector claimed, disabled"), (.v618, "sector enabled")])
  func anArenaWithoutAFreeBlockForEachLane(profile: KernelProfile, verdict: String) throws {
    let machine = try DamagedMachine(profile: profile)
    try machine.change(infoBlock: "sec", at: 0) { $0.set(UInt64(1), at: 72, width: 4) }
    #expect(try machine.verdict("sec") == verdict)
  }

  // MARK: Reading through a BTT

  /// The first bytes of a sector of "sec", or the error number.
  private func sector(_ number: UInt64, of machine: DamagedMachine) throws -> String {
    let namespace = try #require(try machine.booted().namespaces.first { $0.name == "sec" })
    return try machine.machine.use { backend in
      do throws(DeviceError) {
        return try backend.withContent(of: namespace) { content throws(DeviceError) in
          "\(try content.read(at: number * 4096, count: 4096).prefix(2))"
        }
      } catch { return "error \(error.errno ?? 0)" }
    }
  }

  /// btt.c:btt_data_read goes as far as the namespace does, and the number of blocks is not looked at.
  @Test func aMapEntryIsFollowedAsFarAsTheNamespaceGoes() throws {
    let machine = try DamagedMachine()
    let info = try machine.infoBlock("sec")
    func set(_ entry: UInt64, _ value: UInt32) throws {
      try machine.change("sec", at: info.mapOffset + entry * 4, count: 4) {
        $0.set(UInt64(value), at: 0, width: 4)
      }
    }
    try set(5, 3 << 30 | 0x2a_0000)
    try set(6, 3 << 30 | 7)
    try set(7, 1 << 30)
    try set(8, 2 << 30)
    try machine.change("sec", at: info.dataOffset + 7 * 4096, count: 2) { $0.bytes = [8, 9] }
    #expect(try sector(5, of: machine) == "error 5")
    #expect(try sector(6, of: machine) == "[8, 9]")
    #expect(try sector(7, of: machine) == "error 5")
    #expect(try sector(8, of: machine) == "[0, 0]")
    // The number of internal blocks is the driver's own business.
    try machine.change(infoBlock: "sec", at: 0) { $0.set(UInt64(1 << 21), at: 68, width: 4) }
    #expect(try sector(6, of: machine) == "[8, 9]")
  }

  @Test func aChecksumThatDoesNotFitIsPassedOverInSilence() throws {
    let machine = try DamagedMachine()
    try machine.change("fs", at: Self.pfn + 65, count: 1) { $0.bytes[0] ^= 1 }
    try machine.change("dd", at: Self.pfn + 65, count: 1) { $0.bytes[0] ^= 1 }
    #expect(try machine.verdict("fs") == "raw enabled")
    #expect(try machine.verdict("dd") == "raw enabled")
  }

  @Test func aRefusedInfoBlockLeavesTheSeedAndTheErrorNumber() throws {
    let machine = try DamagedMachine()
    try machine.change(infoBlock: "fs", at: Self.pfn) { $0.set(65536, at: 88, width: 4) }
    #expect(try machine.refusal("fs")?.errno == 95)
    #expect(try machine.booted().regions[0].nextNamespace != nil)
  }

  @Test(arguments: [
    Field("alignment that DAX devices do not have", 84, 4, 8192, "raw disabled"),
    Field("end that is not aligned", 84, 4, 1 << 26, "raw disabled"),
    Field("data that end between huge pages", 80, 4, 2 << 20, "devdax enabled"),
    Field("memory map in DRAM within the reserve", 72, 4, 1, "devdax enabled"),
  ]) func aFieldOfADAXInfoBlock(field: Field) throws {
    let machine = try DamagedMachine()
    try machine.change(infoBlock: "dd", at: Self.pfn) {
      $0.set(field.value, at: field.offset, width: field.width)
    }
    #expect(try machine.verdict("dd") == field.verdict)
  }

  @Test func dataWithinTheReserveAreClaimedAndNotMapped() throws {
    let machine = try DamagedMachine()
    try machine.change(infoBlock: "dd", at: Self.pfn) { fields in
      fields.set(1, at: 72, width: 4)
      fields.set(4096, at: 84, width: 4)
      fields.set(4096, at: 56, width: 8)
    }
    #expect(try machine.verdict("dd") == "devdax claimed, disabled")
  }

  /// The label of a mode decides which info blocks are looked for.
  @Test func anInfoBlockOfAnotherModeThanTheLabelsIsPassedOver() throws {
    let machine = try DamagedMachine()
    let dax = try #require(DeviceUUID(ClaimClass.dax.rawValue)).bytes
    let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]
    try machine.change(label: "fs") { $0.set(order.map { dax[$0] }, at: 144) }
    #expect(try machine.verdict("fs") == "raw enabled")
    // An abstraction that the kernel does not know.
    try machine.change(label: "fs") { $0.set([UInt8](repeating: 7, count: 16), at: 144) }
    #expect(try machine.verdict("fs") == "raw enabled")
    // None: every kind is looked for.
    try machine.change(label: "fs") { $0.set([UInt8](repeating: 0, count: 16), at: 144) }
    #expect(try machine.verdict("fs") == "fsdax enabled")
  }

  // MARK: BTT

  private static let second: UInt64 = (64 << 20) - 4096

  @Test func aBTTWithoutItsFirstInfoBlockIsRaw() throws {
    let machine = try DamagedMachine()
    try machine.change("sec", at: 0, count: 4096) { $0 = ByteFields(count: 4096) }
    #expect(try machine.verdict("sec") == "raw enabled")
    try machine.change("sec", at: Self.second, count: 4096) { $0 = ByteFields(count: 4096) }
    #expect(try machine.verdict("sec") == "raw enabled")
  }

  @Test func theSecondInfoBlockOfABTTIsNeverRead() throws {
    let machine = try DamagedMachine()
    try machine.change("sec", at: Self.second, count: 4096) { $0 = ByteFields(count: 4096) }
    #expect(try machine.verdict("sec") == "sector enabled")
  }

  @Test(arguments: [
    Field("parent uuid", 32, 8, 1, "raw enabled"),
    Field("major version", 52, 2, 1, "raw enabled"),
    Field("minor version", 54, 2, 1, "raw enabled"),
    Field("flags", 48, 4, 1, "sector enabled"),
    Field("no sector size", 56, 4, 0, "sector claimed, disabled"),
    Field("odd sector size", 56, 4, 4104, "sector enabled"),
    Field("too few free blocks", 72, 4, 255, "sector claimed, disabled"),
    Field("more free blocks than memory", 72, 4, 1 << 30, "sector claimed, disabled"),
    Field("next arena without an info block", 80, 8, 1 << 20, "sector claimed, disabled"),
    Field("next arena beyond the end", 80, 8, 1 << 30, "sector claimed, disabled"),
    Field("map anywhere", 96, 8, 1 << 50, "sector enabled"),
    Field("log beyond the end", 104, 8, 1 << 50, "sector claimed, disabled"),
    Field("no block at all", 60, 4, 0, "sector enabled"),
  ]) func aFieldOfABTTInfoBlock(field: Field) throws {
    let machine = try DamagedMachine()
    try machine.change(infoBlock: "sec", at: 0) {
      $0.set(field.value, at: field.offset, width: field.width)
    }
    #expect(try machine.verdict("sec") == field.verdict)
  }

  /// A parent of zeros is any namespace's.
  @Test func aBTTWithoutAParentIsTaken() throws {
    let machine = try DamagedMachine()
    try machine.change(infoBlock: "sec", at: 0) { $0.set([UInt8](repeating: 0, count: 16), at: 32) }
    #expect(try machine.verdict("sec") == "sector enabled")
  }

  private func log(_ machine: DamagedMachine) throws -> UInt64 {
    var offset: UInt64 = 0
    try machine.change("sec", at: 0, count: 4096) { offset = $0.u64(104) }
    return offset
  }

  @Test(arguments: [
    (UInt32(1), UInt32(1), "sector claimed, disabled"), (3, 3, "sector claimed, disabled"),
    (2, 4, "sector claimed, disabled"), (1, 2, "sector enabled"), (1, 3, "sector enabled"),
    (3, 1, "sector enabled"), (2, 0, "sector enabled"), (0, 1, "sector enabled"), (5, 0, "sector enabled"),
  ]) func sequenceNumbersOfALane(first: UInt32, second: UInt32, verdict: String) throws {
    let machine = try DamagedMachine()
    let log = try log(machine)
    try machine.change("sec", at: log, count: 64) { fields in
      let spare = fields.u32(4)
      for (entry, sequence) in [first, second].enumerated() {
        fields.set(1, at: entry * 16, width: 4)
        fields.set(spare, at: entry * 16 + 4, width: 4)
        fields.set(spare, at: entry * 16 + 8, width: 4)
        fields.set(sequence, at: entry * 16 + 12, width: 4)
      }
    }
    #expect(try machine.verdict("sec") == verdict)
    if verdict.hasSuffix("disabled") {
      #expect(try machine.refusal("sec")?.details.contains { $0.contains("log corruption (-22)") } == true)
    }
  }

  @Test(arguments: [(1, "sector enabled"), (2, "sector enabled"), (3, "sector claimed, disabled")])
  func thePlaceOfTheSecondEntryOfALane(place: Int, verdict: String) throws {
    let machine = try DamagedMachine()
    try machine.change("sec", at: try log(machine), count: 64) { fields in
      fields.set(Array(fields.bytes[0..<12]), at: place * 16)
      fields.set(2, at: place * 16 + 12, width: 4)
    }
    #expect(try machine.verdict("sec") == verdict)
  }

  @Test func aLaneWithoutAnyEntryFailsTheLog() throws {
    let machine = try DamagedMachine()
    let log = try log(machine)
    try machine.change("sec", at: log, count: 64) { fields in
      fields.set(Array(fields.bytes[0..<12]), at: 16)
      fields.set(2, at: 28, width: 4)
    }
    try machine.change("sec", at: log + 64, count: 64) { $0 = ByteFields(count: 64) }
    #expect(try machine.verdict("sec") == "sector claimed, disabled")
  }

  /// The driver completes a write whose log entry is on the media, and whose map entry is not.
  @Test func aMapEntryIsCompletedFromTheLog() throws {
    let machine = try DamagedMachine()
    let log = try log(machine)
    var map: UInt64 = 0
    try machine.change("sec", at: 0, count: 4096) { map = $0.u64(96) }
    var spare: UInt32 = 0
    try machine.change("sec", at: log, count: 64) { fields in
      spare = fields.u32(4)
      // Sector 5 moves from block 5 to the lane's spare block.
      for (entry, (old, new, sequence)) in [(spare, spare, UInt32(1)), (5, spare, 2)].enumerated() {
        fields.set(5, at: entry * 16, width: 4)
        fields.set(old, at: entry * 16 + 4, width: 4)
        fields.set(new, at: entry * 16 + 8, width: 4)
        fields.set(sequence, at: entry * 16 + 12, width: 4)
      }
    }
    #expect(try machine.verdict("sec") == "sector enabled")
    var entry: UInt32 = 0
    try machine.change("sec", at: map + 20, count: 4) { entry = $0.u32(0) }
    #expect(entry == 3 << 30 | spare)
  }
}
