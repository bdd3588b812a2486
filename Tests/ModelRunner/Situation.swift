import PmemDevice
import PmemModel
import PmemSim
import SystemPackage
import TestSupport

/// A machine with a filesystem, a DAX device of small pages and one of large ones, and random things done on it.
struct Situation {
  let seed: UInt64
  let kernel: KernelProfile
  let choices: [Policy: String]
  /// What was done, to be told where it went wrong.
  private(set) var trail: [String] = []
  /// What was broken, of what may be.
  private(set) var broken: Set<Invariant> = []
  /// Steps since processes have waited for each other.
  private var deadlockedSteps = 0
  /// Whether most of what is tried is refused, because who would do it waits forever.
  var isStuck: Bool { deadlockedSteps > 20 }

  private let machine: SimMachine
  let workload: SimWorkload
  private var generator: SeededGenerator
  private let isDAX: Bool

  static let namespaces = ["namespace0.0", "namespace0.1", "namespace0.2"]
  private static let files = ["/mnt/a", "/mnt/b", "/mnt/c"]

  init(seed: UInt64, on machine: SimMachine, from start: SimMachine.Snapshot, kernel: KernelProfile) throws {
    self.seed = seed
    self.kernel = kernel
    self.machine = machine
    workload = SimWorkload(machine)
    generator = SeededGenerator(seed: seed)
    try machine.restore(start)
    var choices: [Policy: String] = [:]
    for policy in Policy.allCases where Bool.random(using: &generator) {
      choices[policy] = policy.choices.randomElement(using: &generator)
    }
    self.choices = choices
    isDAX = Int.random(in: 0..<4, using: &generator) > 0
    for (policy, choice) in choices { try workload.choose(policy, choice) }
    try workload.mount("namespace0.0", on: "/mnt", type: "ext4", isDAX: isDAX)
    for pid in 1...3 { _ = try workload.start("p", pid: pid) }
    for file in Self.files { try workload.createFile(file, size: .kibibytes(128)) }
    for place in Self.files + Self.namespaces.dropFirst() {
      for pid in 1...2 {
        _ = try workload.map(place, into: pid, offset: 0, length: nil, isWritable: true, isSync: false)
      }
    }
    for provider in SimWorkload.providerKinds {
      try workload.makeProvider(provider, kind: provider, size: .mebibytes(1), pool: 4)
    }
  }

  var policies: [Policy: String] {
    Dictionary(uniqueKeysWithValues: workload.policies.map { ($0.policy, $0.choice) })
  }

  // MARK: Steps

  struct Failure: Error { let text: String }

  private mutating func pick<Element>(_ elements: [Element]) -> Element? {
    elements.randomElement(using: &generator)
  }

  private mutating func number(_ range: Range<UInt64>) -> UInt64 { .random(in: range, using: &generator) }

  private mutating func place() -> String {
    pick(Self.files + Array(Self.namespaces.dropFirst())) ?? "/mnt/a"
  }

  private mutating func pid() -> Int { pick(workload.processes.map(\.name.pid)) ?? 1 }

  /// Does one thing, whatever comes of it, and looks whether the model still holds.
  mutating func step() throws {
    let before = workload.facts
    let kind = number(0..<34)
    do {
      try act(kind)
      trail.append("  done")
    } catch let error as DeviceError {
      trail.append("  \(error.summary)")
      // Whatever was refused changed nothing that can be seen, but for the process that was killed by it.
      if Self.isAtomic.contains(kind), workload.facts != before {
        throw Failure(text: "what failed changed something: \(error.summary)")
      }
    }
    try judge()
    if number(0..<64) == 0, try !machine.stateRoundTrips() {
      throw Failure(text: "what is written down is not what is read")
    }
  }

  /// Steps that do all or nothing.
  private static let isAtomic: Set<UInt64> = [0, 1, 2, 5, 6, 7, 12, 13, 15, 18, 22]

  private mutating func note(_ text: String) { trail.append(text) }

  private mutating func act(_ kind: UInt64) throws {
    switch kind {
    case 0, 1:
      note("process start")
      guard workload.processes.count < 5 else { return }
      _ = try workload.start("p", pid: nil)
    case 2...4:
      let (pid, place) = (pid(), place())
      note("map \(pid) \(place)")
      _ = try workload.map(place, into: pid, offset: 0, length: nil, isWritable: true, isSync: false)
    case 5...7: try pin()
    case 8:
      let pid = pid()
      note("process stop \(pid)")
      try workload.stop(pid)
    case 9:
      let pid = pid()
      note("process fork \(pid)")
      guard workload.processes.count < 5 else { return }
      _ = try workload.fork(pid, child: nil)
    case 10, 11: try unpin()
    case 12, 13:
      let (path, size) = (pick(Self.files) ?? "", 4096 * number(1..<64))
      note("file create \(path) \(size)")
      try workload.createFile(path, size: ByteCount(size))
    case 14:
      let (pid, path, size) = (pid(), pick(Self.files) ?? "", 4096 * number(0..<32))
      note("truncate \(pid) \(path) \(size)")
      _ = try workload.truncate(pid, path, to: ByteCount(size))
      // Or freed memory is not allocated again for long.
      if number(0..<4) == 0 { try? workload.commit("/mnt") }
    case 15:
      let path = pick(Self.files) ?? ""
      note("file remove \(path)")
      _ = try workload.removeFile(path)
    case 16:
      let (pid, path) = (pid(), pick(Self.files) ?? "")
      note("file remove \(path) --pid \(pid)")
      _ = try workload.removeFile(path, by: pid)
    default: try actMore(kind)
    }
  }

  private mutating func actMore(_ kind: UInt64) throws {
    switch kind {
    case 17, 18:
      let (pid, path, isWrite) = (pid(), pick(Self.files) ?? "", kind == 18)
      note("\(isWrite ? "write" : "read") \(pid) \(path)")
      try workload.readOrWrite(pid, path, offset: 4096 * number(0..<16), length: 8192, isWrite: isWrite)
    case 19, 20:
      let (pid, path) = (pid(), pick(Self.files) ?? "")
      note("writeback \(pid) \(path) \(kind == 20 ? "--sync" : "")")
      _ = try workload.writeback(pid, path, isSync: kind == 20)
    case 21:
      note("commit /mnt")
      try workload.commit("/mnt")
    case 22: try transfer()
    case 23:
      let id = Int(number(1..<3))
      note("io finish \(id)")
      try workload.finishTransfer(id)
    case 24:
      let (pid, name) = (pid(), pick(Array(Self.namespaces.dropFirst())) ?? "")
      note("unbind \(pid) \(name)")
      _ = try workload.unbind(pid, name)
    case 25, 26:
      let name = pick(Array(Self.namespaces.dropFirst())) ?? ""
      note("bind \(name)")
      try workload.bind(name)
    case 27:
      let pid = pid()
      note("freeze /mnt --pid \(pid)")
      _ = try workload.freeze("/mnt", policy: nil, by: pid)
    case 28, 29:
      note("thaw /mnt")
      _ = try workload.thaw("/mnt")
    case 30:
      let (pid, place, number) = (pid(), place(), Int(number(1..<3)))
      note("fault begin \(pid) \(place) \(number)")
      let address = try workload.address(place, in: pid)
      _ = try workload.beginFault(pid, at: address, isStore: true, number: number)
    case 31:
      let number = Int(number(1..<3))
      note("fault finish \(number)")
      guard try workload.finishFault(number) else {
        throw Failure(text: "a fault is finished for what is no more")
      }
    case 32: try ask()
    default: try touch()
    }
  }

  private mutating func touch() throws {
    let (pid, place, isStore) = (pid(), place(), Bool.random(using: &generator))
    let (offset, length) = (4096 * number(0..<16), number(1..<20_000))
    note("touch \(pid) \(place) \(offset) \(length) \(isStore ? "--write" : "")")
    let address = try workload.address(place, in: pid, offset: offset)
    _ = try workload.access(pid, at: address, length: length, isStore: isStore)
  }

  /// P4, P5, P6.
  private mutating func pin() throws {
    let (pid, place) = (pid(), place())
    let kind =
      pick(PinKind.allCases.filter { !$0.isTransientKernelReference || place.hasPrefix("/") }) ?? .rdma
    let (offset, length) = (4096 * number(0..<16), 4096 * number(1..<16))
    note("pin \(pid) \(place) \(offset) \(length) \(kind.rawValue)")
    let address = try workload.address(place, in: pid, offset: offset)
    guard let pinned = try workload.pin(pid, at: address, length: length, kind: kind) else { return }
    let isOnDemand = kind.isLongTerm && place.hasPrefix("/") && policies[.longTerm] == "on-demand"
    guard !isOnDemand else {
      if pinned.pages != 0 { throw Failure(text: "what is on demand took references") }
      return
    }
    if kind != .directIO, pinned.pages != length / 4096 {
      throw Failure(text: "\(pinned.pages) pages were granted of \(length / 4096)")
    }
    if pinned.pages == 0 { throw Failure(text: "nothing was granted, and nothing said") }
    if kind.isLongTerm, place.hasPrefix("/"), isDAX, policies[.longTerm] == "refuse" {
      throw Failure(text: "a file of a DAX filesystem was pinned for long")
    }
  }

  /// What is held, and as what.
  private var heldPins: [(id: Int, kind: PinKind)] {
    workload.facts.compactMap { fact in
      guard fact.subject.hasPrefix("pin "), let id = Int(fact.subject.dropFirst(4)),
        let kind = PinKind(rawValue: String(fact.value.prefix { $0 != "," }))
      else { return nil }
      return (id, kind)
    }
  }

  private mutating func unpin() throws {
    let id = pick(heldPins.map(\.id)) ?? 99
    if Bool.random(using: &generator) {
      note("dma \(id)")
      try workload.writeThroughPin(id)
    } else {
      note("unpin \(id)")
      try workload.unpin(id)
    }
  }

  private mutating func transfer() throws {
    let (pid, place, number) = (pid(), place(), Int(number(1..<3)))
    let (storage, isRead) = (pick(Self.files) ?? "", Bool.random(using: &generator))
    note("io begin \(pid) \(place) \(storage) \(isRead ? "--read" : "") --number \(number)")
    let address = try workload.address(place, in: pid)
    _ = try workload.begin(
      SimWorkload.Transfer(buffer: address, length: 8192, storage: storage, offset: 0, isRead: isRead),
      by: pid,
      number: number)
  }

  /// P13.
  private mutating func ask() throws {
    let (pid, name) = (pid(), pick(SimWorkload.providerKinds + Self.namespaces) ?? "")
    let (page, pages, isAtomic) = (number(0..<300), number(1..<64), Bool.random(using: &generator))
    note("direct-access \(pid) \(name) \(page) \(pages) \(isAtomic ? "--atomic" : "")")
    if name == "brd", number(0..<4) == 0 { try workload.setPool("brd", number(0..<8)) }
    if name == "remote", number(0..<2) == 0 {
      try? workload.finishUpdate("remote", fails: number(0..<4) == 0)
    }
    let answer = try workload.directAccess(pid, name, page: page, pages: pages, isAtomic: isAtomic)
    if let granted = answer.pages {
      guard granted > 0, granted <= pages else {
        throw Failure(text: "\(granted) pages of \(pages) were given")
      }
      if name == "brd", granted != 1 { throw Failure(text: "brd gave \(granted) pages at once") }
      if name.hasPrefix("namespace"), answer.slept { throw Failure(text: "pmem slept") }
    }
    if answer.slept, policies[.directAccess] == "nowait", !name.hasPrefix("namespace") {
      throw Failure(text: "\(name) slept where it must not")
    }
  }

  // MARK: Judging

  /// What the policies in force are known to break.
  private var allowed: Set<Invariant> {
    let policies = policies
    var allowed: Set<Invariant> = [.deadlock, .endlessWait]
    if ["free", "wait-if-mapped"].contains(policies[.truncate]) {
      allowed.formUnion([
        .freedUnderPin, .givenAwayUnderPin, .foreignWrite, .foreignRead, .staleRead, .lostStore,
        .fsyncNotDurable,
      ])
    }
    if policies[.teardown] == "storage" {
      allowed.formUnion([.teardownWithReferences, .useAfterFree, .miscounted])
    }
    if policies[.directAccess] == "nowait" {
      allowed.insert(.spuriousFailure)
    } else {
      allowed.insert(.sleepInAtomic)
    }
    if policies[.writeback] == "write" { allowed.formUnion([.dirtiedBehind, .fsyncNotDurable]) }
    if policies[.writeback] == "skip" { allowed.insert(.fsyncNotDurable) }
    if policies[.pinDetection] == "mapcount" { allowed.insert(.falsePin) }
    // Hardware asks no filesystem, unless what it has is a copy.
    if policies[.filesystemFreeze] == "none" || policies[.truncate] != "bounce" {
      allowed.insert(.storeWhileFrozen)
    }
    return allowed
  }

  private mutating func judge() throws {
    let found = workload.violations
    if deadlockedSteps > 0 || found.contains(where: { $0.invariant == .deadlock }) { deadlockedSteps += 1 }
    guard !found.isEmpty else { return try judgeSpace() }
    let allowed = allowed
    for violation in found where !allowed.contains(violation.invariant) {
      throw Failure(text: "\(violation.invariant.rawValue): \(violation.text)")
    }
    broken.formUnion(found.map(\.invariant))
    try judgeSpace()
  }

  /// P8: extents partition the device.
  private func judgeSpace() throws {
    for space in workload.spaces {
      let sum = space.used + space.held + space.free
      guard sum == space.total else {
        throw Failure(
          text: "\(space.used) used, \(space.held) held and \(space.free) free are not \(space.total)")
      }
    }
  }

  /// P1: when all have let go, nothing is left of it.
  mutating func end() throws {
    note("hardware writes once more, and all let go")
    for (id, _) in heldPins { try? workload.writeThroughPin(id) }
    try judge()
    for kind in SimWorkload.providerKinds { try workload.removeProvider(kind) }
    var rounds = 0
    while !workload.processes.isEmpty, rounds < 20 {
      // A freeze that still waits for others is not to be thawed yet.
      for space in workload.spaces where space.isFrozen { _ = try? workload.thaw("/mnt") }
      // Devices finish their transfers and threads their faults, whatever the rest of their process waits for.
      for (id, kind) in heldPins where kind.endsByItself { try? workload.unpin(id) }
      for number in 1..<3 {
        try? workload.finishTransfer(number)
        _ = try? workload.finishFault(number)
      }
      for process in workload.processes { try? workload.stop(process.name.pid) }
      rounds += 1
    }
    try judge()
    guard !broken.contains(.miscounted) else { return }
    if let process = workload.processes.first {
      guard workload.violations.contains(where: { [.deadlock, .endlessWait].contains($0.invariant) }) else {
        throw Failure(
          text: "process \(process.name.pid) waits, and nothing ends it: \(process.waitsFor ?? "")")
      }
      return
    }
    let left = workload.facts.filter { $0.subject.hasSuffix("referenced") }
    // What VFIO forgot stays.
    guard left.isEmpty || trail.contains(where: { $0.hasSuffix("vfio") }) else {
      throw Failure(text: "\(left[0].subject): \(left[0].value), and no process is left")
    }
  }
}
