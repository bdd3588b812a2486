/// A part of a DIMM's health that it is made to report otherwise, for tests of what watches it (drivers of Intel's family:
/// "Inject Error", include/ndctl/libndctl.h: ND_SMART_INJECT_*).
public struct HealthInjection: Hashable, Sendable {
  /// The part of its health.
  public enum Kind: String, CaseIterable, Hashable, Sendable {
    case mediaTemperature = "media-temperature"
    case controllerTemperature = "controller-temperature"
    case spares
    /// The state is fatal.
    case fatal
    /// The next shutdown is a dirty one.
    case dirtyShutdown = "dirty-shutdown"
  }

  public var kind: Kind
  /// A temperature in sixteenths of a degree, a percentage, or 1; nil withdraws the injection.
  public var value: Int?

  public init(_ kind: Kind, _ value: Int?) {
    self.kind = kind
    self.value = value
  }

  /// `have nmem0 report 90 °C as its media temperature`.
  public func words(_ dimm: String) -> String {
    guard let value else { return "withdraw the injected \(noun) of \(dimm)" }
    switch kind {
    case .mediaTemperature, .controllerTemperature:
      return "have \(dimm) report \(Temperature(sixteenths: value)) as its \(noun)"
    case .spares: return "have \(dimm) report \(value) % of spare blocks"
    case .fatal: return "have \(dimm) report a fatal health state"
    case .dirtyShutdown: return "have \(dimm) report a dirty shutdown next"
    }
  }

  private var noun: String {
    switch kind {
    case .mediaTemperature: "media temperature"
    case .controllerTemperature: "controller temperature"
    case .spares: "number of spare blocks"
    case .fatal: "health state"
    case .dirtyShutdown: "dirty shutdown"
    }
  }
}
