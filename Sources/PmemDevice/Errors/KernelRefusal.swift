/// A refusal of the simulated kernel: the error number that the real one would return, and the reason, which the real
/// one would log or not report at all.
public struct KernelRefusal: Error, Hashable, Sendable {
  /// Positive: 16 for EBUSY.
  public var errno: Int32
  public var reason: String

  public init(_ errno: Int32, _ reason: String) {
    self.errno = errno
    self.reason = reason
  }
}
