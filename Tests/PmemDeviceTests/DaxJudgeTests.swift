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
    return DaxJudge(inventory, layers: layers).states(of: region.namespaces[0])
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
}
