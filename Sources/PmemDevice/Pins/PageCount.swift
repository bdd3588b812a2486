/// The counters of a page of device memory, or of several that count as one, as the kernel keeps them.
public struct PageCount: Hashable, Sendable {
  /// `_refcount`.
  public var references: Int32
  /// The number of its mappings: `_mapcount + 1`, of a compound page `_large_mapcount + 1`. 0 if the kernel does not
  /// count mappings of DAX pages (until 6.14).
  public var mappings: Int32
  /// `_pincount` of a compound page; nil for a small one, which has none.
  public var pins: Int32?

  public init(references: Int32, mappings: Int32, pins: Int32?) {
    self.references = references
    self.mappings = mappings
    self.pins = pins
  }

  /// The references that one pin adds to a small page (include/linux/mm.h: GUP_PIN_COUNTING_BIAS).
  public static let bias: Int64 = 1024

  /// The counts beyond those of the kernel itself and of mappings.
  public struct DecodedReferences: Hashable, Sendable {
    /// Times that a page was pinned for DMA, beyond what the kernel itself has.
    public var pins: UInt64
    /// Negative if the counters are impossible.
    public var references: Int64
    /// Whether ``pins`` is certain: see ``PinnedRange/isExact``.
    public var isExact: Bool

    public init(pins: UInt64, references: Int64, isExact: Bool) {
      self.pins = pins
      self.references = references
      self.isExact = isExact
    }
  }

  /// Takes the counters apart, as mm/gup.c:try_grab_folio puts them together.
  ///
  /// - Parameter idle: ``KernelRules/idleReferences(_:)``.
  /// - Returns: nil if the page has no extra references.
  public func decode(idleReferences idle: Int32) -> DecodedReferences? {
    let beyond = Int64(references) - Int64(idle) - Int64(mappings)
    if let pins {
      guard beyond != 0 || pins != 0 else { return nil }
      // Each pin is a reference too.
      let rest = beyond - Int64(pins)
      return DecodedReferences(
        pins: UInt64(max(0, pins)), references: pins < 0 ? Int64(pins) : rest, isExact: true)
    }
    guard beyond != 0 else { return nil }
    guard references >= 0, beyond > 0 else {
      return DecodedReferences(pins: 0, references: min(beyond, Int64(references)), isExact: true)
    }
    return DecodedReferences(
      pins: UInt64(beyond / Self.bias), references: beyond % Self.bias, isExact: beyond < Self.bias)
  }

  /// The rejected heuristic for the pin count: a page with more references than mappings "is pinned" (Jérôme Glisse,
  /// 2018). It takes every other reference for a pin: of migration, isolation, look-ups, the filesystem's own.
  public func looksPinned(idle: Int32) -> Bool { Int64(references) - Int64(idle) > Int64(mappings) }
}
