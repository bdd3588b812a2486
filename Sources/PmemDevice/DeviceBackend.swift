/// A machine: the real kernel or a simulated one.
///
/// A backend answers what there is and performs primitive steps. It has no opinions: every rule about what
/// should be done is in the planners, so that both backends obey the same ones.
public protocol DeviceBackend: AnyObject {
  /// `kernel` or `simulated`.
  var kind: String { get }

  /// Reads everything, once, consistently.
  func inventory(_ depth: InventoryDepth) throws(DeviceError) -> Inventory

  /// Does one change, whole; an error leaves things as they were before the step.
  func perform(_ step: Step) throws(DeviceError)
}

/// How much an inventory reads.
public enum InventoryDepth: Hashable, Sendable {
  /// What lists show: sysfs alone, for any user.
  case listing
  /// Also what a plan rests on: the format of the labels, read from the DIMMs by root.
  case planning
}

/// Finds who uses a thing; asked before anything is taken away.
public protocol UsageInspector: AnyObject {
  /// Who would be in the way of disabling the namespace; empty where nobody is seen.
  func usage(of namespace: Namespace) throws(DeviceError) -> [Usage]
}

/// Something that uses a namespace.
public struct Usage: Hashable, Sendable {
  /// `busy`, `system-ram`, ...
  public var kind: String
  /// The user in words: `/dev/pmem0 is mounted, or held by another driver (exclusive open: EBUSY)`.
  public var text: String
  /// What helps.
  public var advice: String

  public init(kind: String, text: String, advice: String) {
    self.kind = kind
    self.text = text
    self.advice = advice
  }
}
