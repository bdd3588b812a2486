import PmemDevice
import PmemOutput
import PmemModel
import PmemSim

extension SimWorkload {
  /// Reports the result of an operation, and the processes that continue after it.
  ///
  /// - Parameters:
  ///   - access: The result.
  ///   - pid: Its process; nil: none that could wait.
  ///   - killed: Reasons, if the process was killed.
  ///   - output: With `--json` an object; otherwise nothing if it is done, and notes on standard error.
  ///   - context: The destination.
  /// - Throws: ``DeviceError/Code/failed`` if the process was killed.
  func report(
    _ access: AccessOutcome, of pid: Int?, killed: [String] = ["no memory was behind the address"],
    _ output: OutputOptions, in context: CommandContext
  ) throws {
    if access == .killed {
      throw DeviceError(.failed, "process \(pid ?? 0) was killed by SIGBUS", details: killed)
    }
    let reason = access == .waits ? pid.flatMap(wait) : nil
    let woken = takeWoken()
    guard output.json else {
      if access == .waits { context.note("process \(pid ?? 0) waits: \(reason ?? "")") }
      for (pid, outcome) in woken { context.note("process \(pid) \(outcome)") }
      return
    }
    var object = JSONObject()
    object.add("outcome", access == .waits ? "waits" : "done")
    object.add("waits_for", reason)
    object.add(
      "woken",
      woken.map { pid, outcome in
        var object = JSONObject()
        object.add("pid", pid)
        object.add("outcome", outcome)
        return JSON.object(object)
      })
    try context.out.write(JSON.object(object).text)
  }
}
