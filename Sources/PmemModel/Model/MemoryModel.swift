public import PmemDevice

/// The memory of a machine with persistent memory, as a value: processes and their page tables, files and their blocks,
/// pages and who refers to them, tasks that are blocked, and what must never be of all that.
///
/// Two models that are equal go on alike. It knows devices as ``DeviceView`` only; whoever owns the devices keeps
/// ``devices`` true, and does on them what ``Observations/unboundDevices`` says.
public struct MemoryModel: Hashable, Sendable {
  /// Of the kernel that is modelled.
  public let rules: KernelRules
  /// Rules of the model that are not in force.
  public var disabledRules: Set<ModelRule> = []
  /// By identity.
  package var devices: [DeviceView] = []
  package var state = MemoryState()
  /// Of the action that is being done; empty between two.
  package var observations = Observations()
  var isWaking = false
  /// The task that is tried again: what it has already it does not wait for.
  var resumedTask: BlockedTask?
  /// Bytes of a page of DRAM.
  let pageSize: UInt64 = 4096

  /// A machine on which nothing runs.
  ///
  /// - Parameters:
  ///   - devices: All that there are, in any order.
  ///   - rules: Of its kernel.
  public init(devices: [DeviceView] = [], rules: KernelRules) {
    self.rules = rules
    self.devices = devices.sorted { $0.id < $1.id }
  }

  /// Sees other devices from now on.
  package mutating func replaceDevices(_ devices: [DeviceView]) {
    self.devices = devices.sorted { $0.id < $1.id }
  }

  /// Index of a device; nil where there is none.
  private func deviceIndex(_ id: DeviceID) -> Int? {
    var low = 0
    var high = devices.count
    while low < high {
      let middle = (low + high) / 2
      if devices[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low < devices.count && devices[low].id == id ? low : nil
  }

  /// A device; nil where there is none.
  func device(_ id: DeviceID) -> DeviceView? { deviceIndex(id).map { devices[$0] } }

  func isAlive(_ id: DeviceID) -> Bool { deviceIndex(id).map { devices[$0].isAlive } ?? false }

  /// Unbinds a device's driver, and has that told.
  mutating func markUnbound(_ id: DeviceID) {
    guard let index = deviceIndex(id) else { return }
    devices[index].unbind()
    observations.unboundDevices.append(id)
  }
}

extension MemoryModel {
  /// Hands out what was observed since this was asked last.
  package mutating func takeObservations() -> Observations {
    guard !observations.isEmpty else { return Observations() }
    defer { observations = Observations() }
    return observations
  }
}
