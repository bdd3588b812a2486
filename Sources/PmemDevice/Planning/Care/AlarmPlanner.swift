/// Plans how the alarms of DIMMs are set.
public struct AlarmPlanner {
  private let present: [String: AlarmSettings]

  /// - Parameter present: How the alarms of the DIMMs that will be named are set, by kernel name.
  public init(_ present: [String: AlarmSettings]) { self.present = present }

  /// - Parameters:
  ///   - changes: Of their alarms.
  ///   - dimms: Which.
  /// - Returns: The plan; DIMMs whose alarms are set so already have no step in it.
  /// - Throws: ``DeviceError/Code/unsupported`` for a DIMM that has not each of these alarms.
  public func set(_ changes: AlarmSettings, of dimms: [DIMM]) throws(DeviceError) -> Plan {
    let title = "set alarms of \(DimmStatePlanner.count(dimms))"
    for dimm in dimms {
      let able = present[dimm.dev]?.kinds ?? []
      let missing = changes.kinds.filter { !able.contains($0) }
      guard missing.isEmpty else {
        throw DeviceError(
          .unsupported,
          "cannot \(title): "
            + (able.isEmpty
              ? "\(dimm.dev) has no alarms that can be set"
              : "\(dimm.dev) has no alarm for \(missing.map(\.rawValue).joined(separator: ", "))"),
          details: ["nothing was changed"], errno: 95)
      }
    }
    return Plan(
      title: title,
      entries: dimms.compactMap { dimm in
        guard let now = present[dimm.dev], now.applying(changes) != now else { return nil }
        let step = Step.setAlarms(dimm: dimm.dev, changes)
        return Plan.Entry(step, step.words)
      })
  }
}
