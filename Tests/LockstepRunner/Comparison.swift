import PmemDevice

/// The differences between a kernel and a simulated machine, in words.
enum Comparison {
  /// Does a step on both.
  ///
  /// - Returns: Whether the kernel has done it, and how the answers differ; states are not looked at.
  static func perform(
    _ theirs: Step, on kernel: any DeviceBackend, _ mine: Step, on simulated: any DeviceBackend
  ) -> (isDone: Bool, differences: [String]) {
    let expected = answer(kernel, theirs)
    let got = answer(simulated, mine)
    guard expected?.errno != got?.errno else { return (expected == nil, []) }
    return (
      expected == nil, ["the kernel answers \(text(expected)), the simulated machine \(text(got))"]
    )
  }

  private static func answer(_ backend: any DeviceBackend, _ step: Step) -> DeviceError? {
    do throws(DeviceError) {
      try backend.perform(step)
      return nil
    } catch { return error }
  }

  private static func text(_ error: DeviceError?) -> String {
    guard let error else { return "done" }
    return "error \(error.errno ?? 0) (\(([error.summary] + error.details).joined(separator: "; ")))"
  }

  /// The stored properties of two values of a type that differ.
  static func fields(_ left: Any, _ right: Any) -> [String] {
    zip(Mirror(reflecting: left).children, Mirror(reflecting: right).children).compactMap { mine, other in
      let (a, b) = ("\(mine.value)", "\(other.value)")
      return a == b ? nil : "\(mine.label ?? "?") is \(a) in the kernel, \(b) simulated"
    }
  }
}
