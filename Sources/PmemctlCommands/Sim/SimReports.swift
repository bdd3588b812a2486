import PmemDevice
import PmemSim

extension SimWorkload {
  /// Says what came of something that a process did.
  ///
  /// - Throws: ``DeviceError/Code/failed`` where it was killed, for the reasons given.
  func report(
    _ access: SimAccess, of pid: Int, killed: [String] = ["nothing was behind the memory"],
    in context: CommandContext
  ) throws(DeviceError) {
    switch access {
    case .done: break
    case .waits: context.note("process \(pid) waits: \(wait(of: pid) ?? "")")
    case .killed: throw DeviceError(.failed, "process \(pid) was killed by SIGBUS", details: killed)
    }
    reportWoken(in: context)
  }

  /// Says which processes go on that had waited.
  func reportWoken(in context: CommandContext) {
    for (pid, outcome) in takeWoken() { context.note("process \(pid) \(outcome)") }
  }
}
