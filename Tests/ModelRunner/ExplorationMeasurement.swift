import Glibc
import PmemDevice
import PmemModel

/// How fast states are entered: threads that store to the same pages of a file, so that it matters who did last.
struct ExplorationMeasurement {
  static func print() {
    for (threads, steps) in [(3, 5), (3, 8), (4, 6)] { print(threads: threads, steps: steps) }
  }

  private static func print(threads count: Int, steps: Int) {
    let threads = threads(count, steps)
    let clock = ContinuousClock()
    var found = Exploration()
    let spent = clock.measure { found = StateExplorer(threads).explore() }
    let seconds =
      Double(spent.components.seconds) + Double(spent.components.attoseconds) / 1e18
    let orders = found.orders == .max ? "more than 2^63" : "\(found.orders)"
    Swift.print(
      "\(count) threads of \(steps) steps, \(orders) orders: \(found.coverage.rawValue), \(found.states) states in"
        + " \(Int(seconds * 1000)) ms; on one core \(Int(Double(found.states) / seconds)) states/s,"
        + " \(Int(Double(found.transitions) / seconds)) steps/s; \(peak / 1024) MiB at most")
  }

  /// KiB.
  private static var peak: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Int(usage.ru_maxrss)
  }

  private static func threads(_ count: Int, _ steps: Int) -> ModelThreads {
    let pmem0 = DeviceID(region: 0, namespace: 0)
    var model = MemoryModel(devices: [DeviceView(pmem0, .fsdax, size: 64 << 20)], rules: KernelRules("6.18"))
    model.apply(.mount(.device(pmem0), mountPoint: "/mnt", type: "ext4", isDAX: true))
    model.apply(.createFile("/mnt/a", size: 65536))
    let file = ObjectName.path("/mnt/a")
    var all: [[Action]] = []
    for thread in 1...count {
      let pid = ProcessID(thread)
      model.apply(.startProcess(command: "p", as: pid))
      model.apply(.map(pid, file, offset: 0, length: nil, isWritable: true, isSync: false))
      all.append(
        (0..<steps).map { step in
          .access(pid, .mapping(file, offset: 4096 * UInt64(step)), length: 4096, isStore: true)
        })
    }
    return ModelThreads(model, all)
  }
}
