/// What the simulated kernel answers when it refuses: the error number that the real one would give, and
/// the reason, which the real one would have logged or kept to itself.
struct SimFault: Error, Hashable {
  var errno: Int32
  var reason: String

  init(_ errno: Int32, _ reason: String) {
    self.errno = errno
    self.reason = reason
  }
}
