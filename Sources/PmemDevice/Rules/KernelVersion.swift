/// The first two numbers of a kernel release; what follows does not decide rules.
public struct KernelVersion: Hashable, Comparable, Sendable {
  /// The 6 of 6.12.
  public let major: Int
  /// The 12 of 6.12.
  public let minor: Int

  public init(_ major: Int, _ minor: Int) {
    self.major = major
    self.minor = minor
  }

  /// Parses the leading `A.B` of a release; 0.0 if there is none.
  public init(_ release: String) {
    let numbers = release.split(separator: ".", maxSplits: 2).map { $0.prefix(while: \.isNumber) }
    major = numbers.first.flatMap { Int($0) } ?? 0
    minor = numbers.count > 1 ? Int(numbers[1]) ?? 0 : 0
  }

  public static func < (left: KernelVersion, right: KernelVersion) -> Bool {
    (left.major, left.minor) < (right.major, right.minor)
  }
}
