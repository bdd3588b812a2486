/// Plans scrubs of buses, several as one plan.
public struct ScrubPlanner {
  private let scrubs: [String: BusScrub]

  /// - Parameter scrubs: Of the buses that will be named, by kernel name.
  public init(_ scrubs: [String: BusScrub]) { self.scrubs = scrubs }

  /// Has buses read all their media.
  ///
  /// - Parameter buses: Which; one that is scrubbing is left out.
  /// - Returns: The plan.
  /// - Throws: ``DeviceError/Code/unsupported`` if one has no scrub.
  public func start(_ buses: [Bus]) throws(DeviceError) -> Plan {
    let title = "start a scrub of \(Self.count(buses))"
    let foreign = buses.filter { scrubs[$0.dev]?.state == nil }
    guard foreign.isEmpty else {
      throw DeviceError(
        .unsupported, "cannot \(title): \(Self.reason(foreign, isAlone: buses.count == 1))",
        details: ["nothing was changed"], errno: 95)
    }
    let idle = buses.filter { scrubs[$0.dev]?.state == .idle }
    return Plan(
      title: title,
      entries: idle.map { Plan.Entry(.startScrub(bus: $0.dev), "start a scrub of \($0.dev)") },
      warnings: buses.filter { !idle.contains($0) }.map { "\($0.dev) is being scrubbed already" })
  }

  /// Of buses without a scrub: `ndbus0 (ACPI.NFIT) has no scrub`.
  private static func reason(_ buses: [Bus], isAlone: Bool) -> String {
    let names = buses.map { "\($0.dev) (\($0.provider))" }.joined(separator: ", ")
    let verb = buses.count == 1 ? "has" : "have"
    return (isAlone ? "its platform has" : "\(names) \(verb)")
      + " no scrub, as QEMU's, e820's and virtio's have none"
  }

  static func count(_ buses: [Bus]) -> String {
    buses.count == 1 ? buses[0].dev : counted(buses.count, "bus", plural: "buses")
  }
}
