/// A task that was blocked and went on.
public struct WokenTask: Hashable, Sendable {
  public let pid: ProcessID
  /// "goes on", "is killed by SIGBUS", or the failure.
  public let outcome: String

  init(_ pid: ProcessID, _ outcome: String) {
    self.pid = pid
    self.outcome = outcome
  }
}

/// The result of an action beside the state that it leads to.
public struct Observations: Hashable, Sendable {
  /// The result.
  public internal(set) var outcome = ActionOutcome.done
  /// Tasks that were blocked and went on, in order.
  public internal(set) var wokenTasks: [WokenTask] = []
  /// Devices whose driver was unbound.
  public internal(set) var unboundDevices: [DeviceID] = []

  var isEmpty: Bool { wokenTasks.isEmpty && unboundDevices.isEmpty }
}
