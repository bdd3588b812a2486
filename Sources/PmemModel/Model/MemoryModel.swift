public import PmemDevice

/// The memory of a machine with persistent memory, as a value: processes and their page tables, files and their blocks,
/// pages and who refers to them, tasks that are blocked, and what must never be of all that.
///
/// Two equal models have the same future. It knows devices as ``DeviceView`` only; the owner of the devices keeps
/// the list of them up to date, and unbinds those in ``Observations/unboundDevices``.
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
  /// The task that is retried: it does not wait for what it already has.
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

  /// Index of a device; nil if there is none.
  private func deviceIndex(_ id: DeviceID) -> Int? {
    var low = 0
    var high = devices.count
    while low < high {
      let middle = (low + high) / 2
      if devices[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low < devices.count && devices[low].id == id ? low : nil
  }

  /// A device; nil if there is none.
  func device(_ id: DeviceID) -> DeviceView? { deviceIndex(id).map { devices[$0] } }

  func isAlive(_ id: DeviceID) -> Bool { deviceIndex(id).map { devices[$0].isAlive } ?? false }

  /// Unbinds a device's driver, and records that among the observations.
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
