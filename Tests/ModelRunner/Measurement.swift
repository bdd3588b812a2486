import PmemDevice
import PmemModel
import PmemSim

/// How fast the model is: references taken and given back, with a thousand runs of pages that are held already.
struct Measurement {
  static func print(on machine: SimMachine, from start: SimMachine.Snapshot) throws {
    try machine.restore(start)
    let workload = SimWorkload(machine)
    _ = try workload.start("p", pid: 1)
    let address = try workload.map(
      "namespace0.1", into: 1, offset: 0, length: nil, isWritable: true, isSync: false)
    for number in 0..<UInt64(1000) {
      _ = try workload.pin(
        1, at: address + number * 65536, length: number % 2 == 0 ? 4096 : 16384, kind: .rdma)
    }
    let times = 10_000_000
    for choice in Policy.pageReference.choices.reversed() {
      try workload.choose(.pageReference, choice)
      let pages: [(UInt64, String)] = [
        (16 * 500, "held"), (16 * 501 + 1, "held with its neighbours"), (16 * 500 + 7, "not held"),
      ]
      for (page, what) in pages {
        let clock = ContinuousClock()
        let spent = try clock.measure { try workload.getAndPut("namespace0.1", page: page, times: times) }
        let each =
          (Double(spent.components.attoseconds) / 1e9 + Double(spent.components.seconds) * 1e9)
          / Double(2 * times)
        let tenths = Int(each * 10 + 0.5)
        Swift.print(
          "page-reference=\(choice), a page that is \(what): \(Int(1000 / each)) million gets and puts a second,"
            + " \(tenths / 10).\(tenths % 10) ns each")
      }
    }
  }
}
