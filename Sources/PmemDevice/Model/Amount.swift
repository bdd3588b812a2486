/// A size as a person asks for it.
public enum Amount: Hashable, Sendable {
  case bytes(ByteCount)
  /// A share of the whole region, 1 to 100, rounded down to what the region can allocate.
  case percent(Int)
  /// All that can be had in one piece.
  case max

  public init(parsing text: String) throws(SizeSyntaxError) {
    if text.lowercased() == "max" {
      self = .max
    } else if text.hasSuffix("%") {
      guard let value = Int(text.dropLast()) else { throw .notANumber }
      guard (1...100).contains(value) else { throw .percentOutOfRange }
      self = .percent(value)
    } else {
      self = .bytes(try ByteCount(parsing: text))
    }
  }
}

/// The meaning of a size.
public enum SizeMeasure: Hashable, Sendable {
  /// `--size`: the size taken from the region.
  case taken
  /// `--usable`: the size left after all overhead.
  case usable
}
