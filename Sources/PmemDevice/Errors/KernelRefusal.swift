/// What the simulated kernel answers when it refuses: the error number that the real one would give, and
/// the reason, which the real one would have logged or kept to itself.
public struct KernelRefusal: Error, Hashable, Sendable {
  /// Positive: 16 for EBUSY.
  public var errno: Int32
  public var reason: String

  public init(_ errno: Int32, _ reason: String) {
    self.errno = errno
    self.reason = reason
  }
}
