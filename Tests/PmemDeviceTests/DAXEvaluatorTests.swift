import PmemDevice
import Testing

/// What decides about DAX, where neither a test kernel nor a simulated machine is so.
@Suite struct DaxJudgeTests {
  private func states(
    _ layers: [DaxLayer], kernel: String = "6.12", mode: NamespaceMode = .fsdax
  ) throws -> [DaxState] {
    var region = Machines.region(taken: [(0, 512)])
    region.namespaces[0].mode = mode
    region.namespaces[0].blockDevice = "pmem0.1"
    var inventory = Machines.inventory(region)
    inventory.host = HostFacts(kernelRelease: kernel)
    return DAXEvaluator(inventory, layers: layers).states(of: region.namespaces[0])
  }

  private func disk(queue: Bool?) -> DaxLayer {
    DaxLayer(
      kind: .disk, name: RawText("pmem0.1"), device: "pmem0.1", namespaces: ["namespace0.1"],
      hasQueueDAX: queue)
  }

  private func filesystem(_ type: String, _ options: [String] = [], reflink: Bool? = nil) -> DaxLayer {
    var layer = DaxLayer(
      kind: .filesystem, name: RawText("/mnt"), device: "pmem0.1", namespaces: ["namespace0.1"],
      hasQueueDAX: nil)
    layer.filesystem = DaxLayer.Filesystem(type: type, options: options, blockSize: 4096)
    layer.filesystem?.hasReflink = reflink
    return layer
  }

  @Test func aKernelThatOffersNoDAXIsNamed() throws {
    let states = try states([disk(queue: false), filesystem("ext4", ["dax=always"])])
    #expect(states[1].causes.map(\.kind) == [.noQueueDAX])
    #expect(states[2].causes.map(\.kind) == [.noQueueDAX] && !states[2].isPossible)
  }

  @Test(arguments: [("5.10", [DaxCause.Kind.reflink]), ("6.1", [])])
  func reflinkIsInTheWayOfOldKernels(kernel: String, causes: [DaxCause.Kind]) throws {
    let states = try states(
      [disk(queue: true), filesystem("xfs", ["rw,dax=always"], reflink: true)], kernel: kernel)
    #expect(states[2].causes.map(\.kind) == causes)
  }

  @Test func filesystemsWithoutDAXAreNamed() throws {
    #expect(try states([disk(queue: true), filesystem("btrfs")])[2].causes.map(\.kind) == [.filesystemType])
  }

  @Test func aStackThatMayCorruptIsDangerousOnlyWhereTheKernelOffersDAX() throws {
    for (offers, isDangerous) in [(true, true), (false, false)] {
      var stack = DaxLayer(
        kind: .stack, name: RawText("dm-0"), device: "dm-0", namespaces: ["namespace0.1"], hasQueueDAX: offers
      )
      stack.targets = [.init(begin: 0, start: 512, lower: "pmem0.1")]
      let state = try states([disk(queue: true), stack])[2]
      #expect(state.isDangerous == isDangerous && state.causes[0].kind == .misalignedStack)
    }
  }

  @Test(
    arguments: [
      (["data=journal"], [], true, [DaxCause.Kind.dataJournal]), ([], [.dataJournal], true, [.mountOption]),
      ([], [.dataJournal], false, [.dataJournal]), ([], [.inlineData], false, [.inlineData]),
      ([], [], false, [.mountOption]),
      ([], [.encryption, .verity], false, [.mountOption, .encryption, .verity]),
      ([], [.encryption], true, [.mountOption, .encryption]),
    ] as [([String], Set<DaxLayer.Filesystem.Feature>, Bool, [DaxCause.Kind])])
  func featuresAreInTheWayOfDAX(
    options: [String], features: Set<DaxLayer.Filesystem.Feature>, isMounted: Bool, causes: [DaxCause.Kind]
  ) throws {
    var layer = filesystem("ext4", options + (isMounted ? ["dax=never"] : []))
    layer.filesystem?.features = features
    layer.filesystem?.isMounted = isMounted
    let state = try states([disk(queue: true), layer])[2]
    #expect(state.causes.map(\.kind) == causes)
    #expect(state.isPossible == (causes.first == .mountOption) && !state.isOn)
  }
}

/// What a file or device can be used for.
@Suite struct DaxUseTests {
  private func uses(
    _ subject: DaxProbe.Subject, isDAX: Bool?, kernel: String = "6.12", mode: NamespaceMode = .fsdax,
    change: (inout DaxProbe) -> Void = { _ in }
  ) -> [DaxUse.Purpose: DaxUse] {
    var region = Machines.region(taken: [(0, 512)])
    region.namespaces[0].mode = mode
    var inventory = Machines.inventory(region)
    inventory.host = HostFacts(kernelRelease: kernel)
    var probe = DaxProbe(
      subject, isDAX: isDAX, pageSize: 2 << 20, isSync: isDAX, device: "pmem0.1",
      namespaces: ["namespace0.1"],
      offset: 0)
    change(&probe)
    return Dictionary(uniqueKeysWithValues: probe.uses(in: inventory).map { ($0.purpose, $0) })
  }

  @Test(arguments: [("4.14", true), ("4.15", false), ("6.12", false)])
  func aFileWithDAXIsNotPinnedForLong(kernel: String, isPossible: Bool) throws {
    let use = try #require(uses(.file, isDAX: true, kernel: kernel)[.longTermPins])
    #expect(use.isPossible == isPossible)
    #expect(isPossible || use.instead?.contains("dax enable namespace0.1 --for rdma") == true)
  }

  @Test func aRuleThatWasTriedSaysSo() throws {
    let refused = uses(.file, isDAX: true) { $0.longTermPin = .failed }
    #expect(refused[.longTermPins]?.isTried == true && refused[.longTermPins]?.isPossible == false)
    let taken = uses(.daxDevice, isDAX: true, mode: .devdax) { $0.longTermPin = .proven }
    #expect(taken[.longTermPins]?.isTried == true && taken[.longTermPins]?.isPossible == true)
  }

  @Test func whatHasNoPagesIsNoBuffer() throws {
    #expect(uses(.blockDevice, isDAX: true, kernel: "4.5", mode: .raw)[.directIO]?.isPossible == false)
    #expect(uses(.file, isDAX: true)[.directIO]?.isPossible == true)
  }

  @Test(
    arguments: [
      (0x4000, "journal"), (0x1000_0000, "inside its inode"), (0x800, "encrypted"), (0x10_0000, "verity"),
    ] as [(UInt32, String)])
  func aFilesOwnFlagsAreNamed(flags: UInt32, words: String) throws {
    let use = uses(.file, isDAX: false) { $0.inodeFlags = flags }[.loadStore]
    #expect(use?.isPossible == false && use?.reason.contains(words) == true)
  }

  @Test func whatCouldNotBeSeenIsUnknown() throws {
    let uses = uses(.file, isDAX: nil) { $0.pageSize = nil }
    #expect(uses[.loadStore]?.isPossible == nil && uses[.hugePages]?.isPossible == nil)
  }
}
