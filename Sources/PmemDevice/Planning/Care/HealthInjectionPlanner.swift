/// Plans what DIMMs are made to report of their health.
public struct HealthInjectionPlanner {
  private let injectable: [String: Set<HealthInjection.Kind>]

  /// - Parameter injectable: Of the DIMMs that will be named, by kernel name.
  public init(_ injectable: [String: Set<HealthInjection.Kind>]) { self.injectable = injectable }

  /// - Parameters:
  ///   - injections: What they are made to report.
  ///   - dimms: Which.
  /// - Returns: The plan.
  /// - Throws: ``DeviceError/Code/unsupported`` for a DIMM that cannot be made to report one of them.
  public func inject(_ injections: [HealthInjection], into dimms: [DIMM]) throws(DeviceError) -> Plan {
    let title = "inject health into \(DimmStatePlanner.count(dimms))"
    for dimm in dimms {
      let able = injectable[dimm.dev] ?? []
      let missing = injections.filter { !able.contains($0.kind) }
      guard missing.isEmpty else {
        let words = missing.map(\.kind.rawValue).joined(separator: ", ")
        throw DeviceError(
          .unsupported,
          "cannot \(title): "
            + (able.isEmpty ? "\(dimm.dev) has no injection" : "\(dimm.dev) cannot inject \(words)"),
          details: (able.isEmpty
            ? [] : ["it can inject \(able.map(\.rawValue).sorted().joined(separator: ", "))"])
            + ["nothing was changed"], errno: 95)
      }
    }
    return plan(
      title, injections, dimms, warnings: ["what watches the DIMM takes it for real until it is withdrawn"])
  }

  /// Has DIMMs report what they measure again.
  public func withdraw(from dimms: [DIMM]) throws(DeviceError) -> Plan {
    let title = "withdraw the injected health of \(DimmStatePlanner.count(dimms))"
    guard dimms.contains(where: { injectable[$0.dev]?.isEmpty == false }) else {
      throw DeviceError(
        .unsupported, "cannot \(title): \(dimms.count == 1 ? "it has" : "they have") no injection",
        details: ["nothing was changed"], errno: 95)
    }
    return Plan(
      title: title,
      entries: dimms.flatMap { dimm in
        HealthInjection.Kind.allCases.filter { injectable[dimm.dev]?.contains($0) ?? false }.map {
          Self.entry(HealthInjection($0, nil), dimm)
        }
      })
  }

  private func plan(
    _ title: String, _ injections: [HealthInjection], _ dimms: [DIMM], warnings: [String]
  ) -> Plan {
    Plan(
      title: title, entries: dimms.flatMap { dimm in injections.map { Self.entry($0, dimm) } },
      warnings: warnings, isDestructive: true)
  }

  private static func entry(_ injection: HealthInjection, _ dimm: DIMM) -> Plan.Entry {
    Plan.Entry(.injectHealth(dimm: dimm.dev, injection), injection.words(dimm.dev))
  }
}
