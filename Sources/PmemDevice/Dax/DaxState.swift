/// Whether something on persistent memory has DAX, and why not.
public struct DaxState: Hashable, Sendable {
  /// `namespace`, `dax-device`, `block-device`, `partition`, `stack`, `filesystem`.
  public var kind: String
  /// `namespace0.0`, `/dev/dax0.0`, a place where a filesystem is mounted.
  public var name: RawText
  public var namespaces: [String]
  /// Whether it could be: of what a filesystem can be made on, whether that could be mounted with DAX.
  public var isPossible: Bool
  /// Whether it is set up so.
  public var isOn: Bool
  /// Whether a mapping was tried and was DAX; nil where none was tried.
  public var isProven: Bool?
  /// Why not; and what to know where it is.
  public var causes: [DaxCause]
  /// What was seen: `12 of 12 files have it`.
  public var note: String?
  /// What it can be used for, where a mapping was tried.
  public var uses: [DaxUse] = []

  public init(
    kind: String, name: RawText, namespaces: [String], isPossible: Bool, isOn: Bool, isProven: Bool? = nil,
    causes: [DaxCause] = [], note: String? = nil
  ) {
    self.kind = kind
    self.name = name
    self.namespaces = namespaces
    self.isPossible = isPossible
    self.isOn = isOn
    self.isProven = isProven
    self.causes = causes
    self.note = note
  }

  public var isDangerous: Bool { causes.contains(where: \.isDangerous) }
}
