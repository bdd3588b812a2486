/// Whether something on persistent memory has DAX, and why not.
public struct DaxState: Hashable, Sendable {
  /// `namespace`, `dax-device`, `block-device`, `partition`, `stack`, `filesystem`.
  public var kind: String
  /// `namespace0.0`, `/dev/dax0.0`, a mount point.
  public var name: RawText
  public var namespaces: [String]
  /// Whether it could be: of what a filesystem can be made on, whether that could be mounted with DAX.
  public var isPossible: Bool
  /// Whether it is set up so.
  public var isOn: Bool
  /// Whether a mapping was tried and was DAX; nil if none was tried.
  public var isProven: Bool?
  /// The reasons against it; if it has DAX, remarks.
  public var causes: [DaxCause]
  /// The observation: `12 of 12 files have it`.
  public var note: String?
  /// The uses that a trial mapping permits.
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
