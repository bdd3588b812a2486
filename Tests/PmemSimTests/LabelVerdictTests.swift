import PmemDevice
import PmemMedia
import PmemSim
import Testing

/// What the simulated kernel makes of label areas of any content, as drivers/nvdimm of 6.12 does.
@Suite struct LabelVerdictTests {
  private func names(_ inventory: Inventory) -> [String] {
    inventory.regions[0].configuredNamespaces.compactMap(\.name).sorted()
  }

  private static let all = ["dd", "fs", "rw", "sec"]

  // MARK: Index blocks

  @Test(arguments: [0, 1]) func oneIndexBlockIsEnough(copy: Int) throws {
    let machine = try DamagedMachine()
    try machine.change { area in
      // Both copies say the same, so that either will do.
      let store = LabelStore(area)
      guard let index = store.index, let layout = store.layout else { return }
      for number in 0...1 {
        var block = LabelIndex(layout: layout, copy: number, sequence: UInt32(number + 1))
        block.free = index.free
        area.replaceSubrange(
          number * layout.indexSize..<(number + 1) * layout.indexSize, with: block.encoded)
      }
      area[copy * layout.indexSize] ^= 0xff
    }
    #expect(names(try machine.booted()) == Self.all)
  }

  @Test func withoutAnyIndexBlockTheRegionIsOneNamespace() throws {
    let machine = try DamagedMachine()
    try machine.change { area in for place in [0, 256] { area[place] ^= 0xff } }
    let inventory = try machine.booted()
    #expect(!inventory.regions[0].isLabeled)
    #expect(inventory.regions[0].configuredNamespaces.map(\.size) == [.mebibytes(512)])
    #expect(inventory.regions[0].configuredNamespaces.first?.isEnabled == true)
  }

  /// label.c:__nd_label_validate takes any version below 1.2 for labels of 128 bytes; the cookie is that of 1.1 for 1.1 alone
  /// (region_devs.c:nd_region_interleave_set_cookie).
  @Test(arguments: [
    (1, 1, true, true), (1, 0, true, false), (0, 1, true, false), (0, 101, true, false), (1, 2, false, false),
    (0, 102, false, false), (9, 0, false, false),
  ]) func theVersionOfAnIndexDecidesTheCookie(
    major: UInt16, minor: UInt16, isSmall: Bool, isOld: Bool
  ) throws {
    let machine = try DamagedMachine(isSmall ? .v11 : .v12)
    let old = try DamagedMachine(.v11).booted().regions[0].isetID
    try machine.change { area in
      for place in [0, 256] {
        var fields = ByteFields(Array(area[place..<place + 256]))
        fields.set(UInt64(major), at: 60, width: 2)
        fields.set(UInt64(minor), at: 62, width: 2)
        fields.set(fields.checksum(excluding: 64), at: 64, width: 8)
        area.replaceSubrange(place..<place + 256, with: fields.bytes)
      }
    }
    let inventory = try machine.booted()
    #expect(inventory.regions[0].isLabeled)
    #expect((inventory.regions[0].isetID == old) == isOld)
  }

  /// pmem.c:nd_pmem_probe maps 8 KiB, whatever the label says: the info block behind the end is read, and does not fit.
  @Test func aNamespaceOfOnePageIsProbedBeyondItsEnd() throws {
    let machine = try DamagedMachine(.v11)
    try machine.change(label: "dd") { $0.set(UInt64(4096), at: 112, width: 8) }
    #expect(try machine.verdict("dd") == "raw disabled")
    #expect(try machine.refusal("dd")?.errno == 95)
    try machine.change(label: "rw") { $0.set(UInt64(4096), at: 112, width: 8) }
    #expect(try machine.verdict("rw") == "raw enabled")
  }

  /// dimm_devs.c:nd_pmem_available_dpa.
  @Test func anExtentBeyondTheEndLeavesNoRoom() throws {
    let machine = try DamagedMachine(.v11)
    try machine.change(label: "rw") { $0.set((1 << 61) + (16 << 20), at: 112, width: 8) }
    let region = try machine.booted().regions[0]
    #expect(region.availableSize == .zero && region.maxAvailableExtent == .zero)
  }

  /// label.c:__nd_label_validate computed in 32 bits until 2026, and nd_label_data_init then reads beyond the area.
  @Test(arguments: [(KernelProfile.v612, true), (.v618, false)])
  func slotsThatOverflowAreTakenByKernelsBeforeTheFix(
    profile: KernelProfile, isEnabled: Bool
  ) throws {
    let machine = try DamagedMachine(profile: profile)
    try machine.change { area in
      for place in [0, 256] {
        var fields = ByteFields(Array(area[place..<place + 256]))
        fields.set(UInt64(16_777_726), at: 56, width: 4)
        fields.set(fields.checksum(excluding: 64), at: 64, width: 8)
        area.replaceSubrange(place..<place + 256, with: fields.bytes)
      }
    }
    let inventory = try machine.booted()
    #expect(inventory.dimms[0].isEnabled == isEnabled)
    // Labels that were never found divide nothing.
    #expect(!inventory.regions[0].isLabeled && inventory.regions[0].isEnabled)
  }

  // MARK: One label

  @Test func aLabelWithoutItsChecksumIsNotThereAndItsSpaceIsFree() throws {
    let machine = try DamagedMachine()
    let free = try machine.booted().regions[0].availableSize
    try machine.change(label: "fs", isSealed: false) { $0.bytes[0x50] ^= 1 }
    let inventory = try machine.booted()
    #expect(names(inventory) == ["dd", "rw", "sec"])
    #expect(inventory.regions[0].availableSize.rawValue == free.rawValue + (128 << 20))
  }

  @Test func aLabelInAnotherSlotThanItSaysIsNotThere() throws {
    let machine = try DamagedMachine()
    try machine.change(label: "fs") { $0.set(99, at: 120, width: 4) }
    #expect(names(try machine.booted()) == ["dd", "rw", "sec"])
  }

  @Test func aLabelOfAnotherSetIsSkippedAndItsSpaceIsTaken() throws {
    let machine = try DamagedMachine()
    let free = try machine.booted().regions[0].availableSize
    try machine.change(label: "fs") { $0.set(0x1234, at: 88, width: 8) }
    let inventory = try machine.booted()
    #expect(names(inventory) == ["dd", "rw", "sec"])
    #expect(inventory.regions[0].availableSize == free)
  }

  @Test func theCookieOfOldFirmwareIsTaken() throws {
    let machine = try DamagedMachine()
    // Of QEMU's first slot, as kernels show it for labels of version 1.1.
    try machine.change(label: "fs") { $0.set(0x24_68ac_0012_3456, at: 88, width: 8) }
    #expect(names(try machine.booted()) == Self.all)
  }

  @Test(arguments: [
    ("labels on two DIMMs", 84, 2), ("position", 86, 1), ("type GUID", 128, 1),
  ]) func aLabelThatTheSetDoesNotHoldDisablesTheRegion(name: String, offset: Int, value: Int) throws {
    let machine = try DamagedMachine()
    try machine.change(label: "rw") { $0.set(value, at: offset, width: 2) }
    let inventory = try machine.booted()
    #expect(!inventory.regions[0].isEnabled)
    #expect(inventory.dimms[0].isEnabled)
    #expect(throws: DeviceError.self) {
      try machine.machine.use { try $0.perform(.enableRegion("region0")) }
    }
  }

  @Test(arguments: [UInt64(520), 4096, 1 << 40]) func aSectorSizeIsTakenOrIs512(size: UInt64) throws {
    let machine = try DamagedMachine()
    try machine.change(label: "fs") { $0.set(size, at: 96, width: 8) }
    let found = try #require(try machine.booted().namespaces.first { $0.name == "fs" })
    #expect(found.isEnabled && found.mode == .fsdax)
    #expect(found.sectorSize == (size == 4096 ? 4096 : 512))
  }

  @Test func flagsAreNotLookedAt() throws {
    let machine = try DamagedMachine()
    try machine.change(label: "fs") { $0.set(0xff, at: 80, width: 4) }
    #expect(names(try machine.booted()) == Self.all)
  }

  // MARK: Extents

  @Test func aLabelOutsideOfItsRegionIsSkipped() throws {
    let machine = try DamagedMachine()
    try machine.change(label: "fs") { $0.set(UInt64(1) << 40, at: 104, width: 8) }
    #expect(names(try machine.booted()) == ["dd", "rw", "sec"])
  }

  @Test func aLabelThatEndsBeyondItsRegionDisablesTheRegion() throws {
    let machine = try DamagedMachine()
    try machine.change(label: "rw") { $0.set(UInt64(1) << 40, at: 112, width: 8) }
    let inventory = try machine.booted()
    #expect(inventory.dimms[0].isEnabled && !inventory.regions[0].isEnabled)
  }

  @Test(arguments: [
    ("overlap", 104, UInt64(128) << 20), ("no size", 112, 0), ("an end beyond 2^64", 112, UInt64.max),
  ]) func anExtentThatCannotBeReservedDisablesTheDIMM(name: String, offset: Int, value: UInt64) throws {
    let machine = try DamagedMachine()
    try machine.change(label: "rw") { $0.set(value, at: offset, width: 8) }
    let inventory = try machine.booted()
    #expect(!inventory.dimms[0].isEnabled)
    // After a boot nothing is known of its labels: all of it is one raw namespace, and enabled.
    #expect(!inventory.regions[0].isLabeled && inventory.regions[0].isEnabled)
    #expect(inventory.regions[0].configuredNamespaces.map(\.rawSize) == [.mebibytes(512)])
    let backend = try machine.machine.backend()
    do throws(DeviceError) {
      try backend.perform(.enableDimm("nmem0"))
      Issue.record("it was enabled")
    } catch { #expect(error.errno == 6) }
  }

  /// A kernel that has once read labels on a DIMM never forgets it: the region is disabled then.
  @Test func anOverlapThatIsWrittenWhileTheKernelRunsDisablesTheRegion() throws {
    let machine = try DamagedMachine()
    let good = try machine.area()
    try machine.change(label: "rw") { $0.set(UInt64(128) << 20, at: 104, width: 8) }
    let bad = try machine.area()
    try machine.change { $0 = good }
    _ = try machine.booted()
    try machine.machine.use { backend in
      try backend.perform(.disableRegion("region0"))
      #expect(throws: DeviceError.self) { try backend.perform(.writeLabels(dimm: "nmem0", bytes: bad)) }
      #expect(throws: DeviceError.self) { try backend.perform(.enableRegion("region0")) }
      try backend.perform(.writeLabels(dimm: "nmem0", bytes: good))
      try backend.perform(.enableDimm("nmem0"))
      try backend.perform(.enableRegion("region0"))
      #expect(try backend.inventory(.planning).regions[0].configuredNamespaces.count == 4)
    }
  }

  // MARK: Sets

  @Test func twoLabelsOfOneNamespaceOnADIMMDisableTheRegion() throws {
    let machine = try DamagedMachine()
    let uuid = try #require(LabelStore(try machine.area()).active.first { $0.name == "fs" }).uuid
    try machine.change(label: "rw") { $0.set(uuid.bytes, at: 0) }
    let inventory = try machine.booted()
    #expect(inventory.dimms[0].isEnabled && !inventory.regions[0].isEnabled)
  }

  @Test func aSetNeedsEveryLabelThatItsFirstDIMMHas() throws {
    let machine = try DamagedMachine(dimms: 2)
    #expect(names(try machine.booted()) == Self.all)
    // Without the label on the second DIMM the region is disabled; without that on the first it is not examined.
    try machine.change(label: "fs", on: 1, isSealed: false) { $0.bytes[0x50] ^= 1 }
    #expect(try machine.booted().regions[0].isEnabled == false)
    try machine.change(label: "fs", on: 0, isSealed: false) { $0.bytes[0x50] ^= 1 }
    #expect(names(try machine.booted()) == ["dd", "rw", "sec"])
  }

  @Test func positionsMayLieOnAnyDIMM() throws {
    let machine = try DamagedMachine(dimms: 2)
    try machine.change(label: "rw", on: 0) { $0.set(1, at: 86, width: 2) }
    #expect(try machine.booted().regions[0].isEnabled == false)
    try machine.change(label: "rw", on: 1) { $0.set(0, at: 86, width: 2) }
    #expect(names(try machine.booted()) == Self.all)
  }
}
