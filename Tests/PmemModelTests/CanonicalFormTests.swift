import PmemDevice
import PmemModel
import Testing

/// States that are taken for the same, and those that must not be.
@Suite struct CanonicalFormTests {
  private func model(isDAX: Bool = true) -> MemoryModel {
    let pmem0 = DeviceID(region: 0, namespace: 0)
    var model = MemoryModel(devices: [DeviceView(pmem0, .fsdax, size: 64 << 20)], rules: KernelRules("4.12"))
    model.apply(.choose(.longTerm, "allow"))
    model.apply(.mount(.device(pmem0), mountPoint: "/mnt", type: "ext4", isDAX: isDAX))
    for path in ["/mnt/a", "/mnt/b"] { model.apply(.createFile(path, size: 8192)) }
    for pid in [1, 2] as [ProcessID] {
      model.apply(.startProcess(command: "p", as: pid))
      for path in ["/mnt/a", "/mnt/b"] {
        model.apply(.map(pid, .path(path), offset: 0, length: nil, isWritable: true, isSync: false))
      }
    }
    return model
  }

  private func hash(_ actions: [Action], isDAX: Bool = true, arePinsNamed: Bool = true) -> Int {
    var model = model(isDAX: isDAX)
    for action in actions { model.apply(action) }
    var hasher = Hasher()
    model.hashCanonically(into: &hasher, arePinsNamed: arePinsNamed)
    return hasher.finalize()
  }

  private static let writeA = Action.write(1, .path("/mnt/a"), offset: 0, length: 4096)
  private static let writeB = Action.write(2, .path("/mnt/b"), offset: 0, length: 4096)
  private static let pin = Action.pin(2, .mapping(.path("/mnt/a"), offset: 0), length: 4096, .rdma, number: 1)
  private static let load = Action.access(
    1, .mapping(.path("/mnt/a"), offset: 0), length: 4096, isStore: false)

  @Test(arguments: [true, false])
  func theOrderOfStoresToDifferentPagesIsOfNoConsequence(isDAX: Bool) {
    #expect(
      hash([Self.writeA, Self.writeB], isDAX: isDAX) == hash([Self.writeB, Self.writeA], isDAX: isDAX))
    #expect(hash([Self.writeA, Self.writeA], isDAX: isDAX) == hash([Self.writeA], isDAX: isDAX))
  }

  @Test(arguments: [true, false])
  func whatIsOnTheMediaIs(isDAX: Bool) {
    #expect(hash([Self.writeA], isDAX: isDAX) != hash([], isDAX: isDAX))
    #expect(
      hash([Self.writeA, .writeback(1, .path("/mnt/a"), isSync: true)], isDAX: isDAX)
        != hash([Self.writeA], isDAX: isDAX))
  }

  @Test func whoseBlocksHardwareWroteToIs() {
    let given: [Action] = [
      Self.pin, .truncate(1, .path("/mnt/a"), size: 0), .commit(.device(DeviceID(region: 0, namespace: 0))),
      .createFile("/mnt/c", size: 8192),
    ]
    let writeC = Action.write(1, .path("/mnt/c"), offset: 0, length: 4096)
    #expect(hash(given + [writeC, .writeThroughPin(1)]) != hash(given + [.writeThroughPin(1), writeC]))
  }

  @Test func pinsFaultsEntriesAndTransfersAre() {
    let fault = Action.beginFault(
      1, .mapping(.path("/mnt/a"), offset: 0), isStore: true, number: 1)
    let transfer = Action.beginTransfer(
      1, buffer: .mapping(.path("/mnt/a"), offset: 0), length: 4096, storage: .path("/mnt/b"), offset: 0,
      isRead: true, number: 1)
    let hashes = [
      [], [Self.pin], [fault], [Self.load], [transfer], [.choose(.truncate, "bounce")], [.crash],
      [.stopProcess(2)], [.freeze(.device(DeviceID(region: 0, namespace: 0)), isFilesystem: true, nil)],
      [.unbind(1, DeviceID(region: 0, namespace: 0))],
      [.makeDriver("brd", .brd, pages: 4, pool: 1)], [.commit(.device(DeviceID(region: 0, namespace: 0)))],
    ].map { hash($0) }
    // A mounted device cannot be unbound: nothing happens.
    #expect(Set(hashes).count == hashes.count - 1)
  }

  @Test func numbersOfPinsAreOnlyIfTheyAreNamed() {
    let pins = ["/mnt/a", "/mnt/b"].map {
      Action.pin(2, .mapping(.path($0), offset: 0), length: 4096, .rdma, number: nil)
    }
    let (one, other) = (pins, Array(pins.reversed()))
    #expect(hash(one) != hash(other))
    #expect(hash(one, arePinsNamed: false) == hash(other, arePinsNamed: false))
    #expect(hash([pins[0]], arePinsNamed: false) != hash([pins[1]], arePinsNamed: false))
    #expect(hash([pins[0], pins[0]], arePinsNamed: false) != hash([pins[0]], arePinsNamed: false))
  }
}
