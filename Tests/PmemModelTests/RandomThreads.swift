import PmemDevice
import PmemModel
import TestSupport

/// Small random threads on a machine with a filesystem and a DAX device.
struct RandomThreads {
  private var generator: SeededGenerator
  private(set) var model: MemoryModel
  private(set) var threads: [[Action]] = []

  private static let releases = ["4.5", "4.12", "4.20", "5.18", "6.1", "6.12", "6.18"]
  private static let files = DeviceID(region: 0, namespace: 0)
  private static let dax = DeviceID(region: 0, namespace: 1)
  private static let paths = ["/mnt/a", "/mnt/a", "/mnt/a", "/mnt/b"]
  private static let objects: [ObjectName] = [
    .path("/mnt/a"), .path("/mnt/a"), .path("/mnt/a"), .path("/mnt/b"), .volume(.device(dax)),
  ]

  /// What steps are drawn from: anything; the page cache and its writeback; blocks that change hands; teardown; pins that
  /// no step names.
  private static let unnamed = [7, 7, 7, 0, 2, 3, 5, 13, 11, 23, 22]
  private static let themes: [[Int]] = [
    Array(0..<24), [3, 4, 5, 5, 10, 8, 7, 22, 23], [0, 2, 3, 4, 10, 10, 8], [11, 7, 8, 10, 16, 17, 23, 13],
    unnamed,
  ]
  private var theme: [Int] = []

  init(seed: UInt64, threads count: Int, steps: Int) {
    generator = SeededGenerator(seed: seed)
    model = MemoryModel(
      devices: [
        DeviceView(Self.files, .fsdax, size: 16 << 20),
        DeviceView(Self.dax, .devdax, size: 4 << 20, alignment: 4096),
      ], rules: KernelRules(Self.releases.randomElement(using: &generator) ?? "6.18"))
    for policy in Policy.allCases where Bool.random(using: &generator) {
      model.apply(.choose(policy, policy.choices.randomElement(using: &generator)))
    }
    if number(4) > 0 { model.apply(.choose(.longTerm, "allow")) }
    // Without a rule of the model, more is broken.
    for _ in 0..<number(3) {
      if let rule = ModelRule.allCases.randomElement(using: &generator) { model.disabledRules.insert(rule) }
    }
    theme = Self.themes[Int(seed / 2 % 5)]
    let isDAX = theme != Self.themes[1] && number(4) > 0
    model.apply(.mount(.device(Self.files), mountPoint: "/mnt", type: "ext4", isDAX: isDAX))
    for path in Set(Self.paths).sorted() { model.apply(.createFile(path, size: 16384)) }
    model.apply(.makeDriver("brd", .brd, pages: 16, pool: 1))
    for pid in 1...count {
      model.apply(.startProcess(command: "p", as: ProcessID(pid)))
      for object in [ObjectName.path("/mnt/a"), .path("/mnt/b"), .volume(.device(Self.dax))] {
        model.apply(
          .map(ProcessID(pid), object, offset: 0, length: nil, isWritable: true, isSync: false))
      }
    }
    for pid in 1...count where number(4) > 0 { model.apply(pin(ProcessID(pid), number: pid)) }
    for thread in 1...count {
      threads.append((0..<Int.random(in: 1...steps, using: &generator)).map { _ in action(thread) })
    }
  }

  private mutating func number(_ bound: UInt64) -> UInt64 { .random(in: 0..<bound, using: &generator) }

  private mutating func object() -> ObjectName {
    Self.objects.randomElement(using: &generator) ?? Self.objects[0]
  }

  private mutating func address() -> AddressName { .mapping(object(), offset: 4096 * number(2)) }

  private mutating func pin(_ pid: ProcessID, number: Int?) -> Action {
    let kind = self.number(2) == 0 ? .rdma : PinKind.allCases.randomElement(using: &generator) ?? .rdma
    return .pin(
      pid, address(), length: 4096 * (1 + self.number(2)), kind,
      number: theme == Self.unnamed ? nil : number.map { PinID($0) })
  }

  private mutating func action(_ thread: Int) -> Action {
    // Now and then in the name of another thread's process.
    let pid = ProcessID(number(8) == 0 ? 1 : thread)
    let path = ObjectName.path(Self.paths[Int(number(4))])
    switch theme.randomElement(using: &generator) ?? 0 {
    case 0, 1, 19: return .truncate(pid, path, size: 4096 * number(3))
    case 2, 20: return .createFile("/mnt/c", size: 16384)
    case 3: return .write(pid, path, offset: 0, length: nil)
    case 4: return .read(pid, path, offset: 0, length: nil)
    case 5: return .writeback(pid, path, isSync: number(2) == 0)
    case 6: return .commit(.device(Self.files))
    case 7: return pin(pid, number: thread + 3)
    case 8, 9: return .unpin(PinID(1 + Int(number(4))))
    case 10, 21: return .writeThroughPin(PinID(1 + Int(number(3))))
    case 22: return .crash
    case 11: return .unbind(pid, Self.dax)
    case 12: return .removeFile(Self.paths[Int(number(4))], by: number(2) == 0 ? pid : nil)
    case 13: return .stopProcess(pid)
    case 14: return .freeze(.device(Self.files), isFilesystem: true, nil)
    case 15: return .thaw(.device(Self.files), isFilesystem: true)
    case 16: return .beginFault(pid, address(), isStore: true, number: FaultID(thread))
    case 17: return .finishFault(FaultID(thread))
    case 18:
      return .directAccess(pid, driver: "brd", page: number(3), pages: 1, isAtomic: number(2) == 0)
    default: return .access(pid, address(), length: 4096, isStore: number(3) > 0)
    }
  }
}
