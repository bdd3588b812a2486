/// The first two numbers of a kernel release; what follows does not decide rules.
public struct KernelVersion: Hashable, Comparable, Sendable {
  /// The 6 of 6.12.
  public let major: Int
  /// The 12 of 6.12.
  public let minor: Int
  /// The 117 of 6.12.117; nil if the release does not say, as Debian's 6.1.0-49 does not. Not compared.
  public let patch: Int?

  public init(_ major: Int, _ minor: Int) {
    self.major = major
    self.minor = minor
    patch = nil
  }

  /// Parses the leading `A.B.C` of a release; 0.0 if there is none.
  public init(_ release: String) {
    let numbers = release.split(separator: ".", maxSplits: 3).map { $0.prefix(while: \.isNumber) }
    major = numbers.first.flatMap { Int($0) } ?? 0
    minor = numbers.count > 1 ? Int(numbers[1]) ?? 0 : 0
    patch = numbers.count > 2 ? Int(numbers[2]).flatMap { $0 > 0 ? $0 : nil } : nil
  }

  public static func < (left: KernelVersion, right: KernelVersion) -> Bool {
    (left.major, left.minor) < (right.major, right.minor)
  }
}
