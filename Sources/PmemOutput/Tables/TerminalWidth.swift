extension String {
  /// How many cells of a terminal the text takes: 2 for a wide character, none for one that combines with others.
  public var terminalWidth: Int {
    if utf8.allSatisfy({ $0 < 0x80 }) { return utf8.count }
    return unicodeScalars.reduce(0) { $0 + Self.width(of: $1) }
  }

  private static func width(of scalar: Unicode.Scalar) -> Int {
    if scalar.value < 0x80 { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return 0
    default: return wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }
  }

  /// The characters with W or F in EastAsianWidth.txt (Unicode 15), in blocks.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115f, 0x2e80...0x303e, 0x3041...0x33ff, 0x3400...0x4dbf, 0x4e00...0xa4cf, 0xa960...0xa97f,
    0xac00...0xd7a3, 0xf900...0xfaff, 0xfe10...0xfe19, 0xfe30...0xfe6f, 0xff01...0xff60, 0xffe0...0xffe6,
    0x16fe0...0x18cff, 0x1aff0...0x1b2ff, 0x1f004...0x1f004, 0x1f0cf...0x1f0cf, 0x1f18e...0x1f19a,
    0x1f200...0x1f320, 0x1f32d...0x1f335, 0x1f337...0x1f37c, 0x1f37e...0x1f393, 0x1f3a0...0x1f3ca,
    0x1f3e0...0x1f3f0, 0x1f3f8...0x1f43e, 0x1f440...0x1f4fc, 0x1f4ff...0x1f53d, 0x1f550...0x1f567,
    0x1f5fb...0x1f64f, 0x1f680...0x1f6c5, 0x1f900...0x1f9ff, 0x1fa70...0x1faff, 0x20000...0x3fffd,
  ]

  /// The text in at most so many cells: its middle is left out if it is longer, because names differ at their ends.
  ///
  /// - Parameters:
  ///   - width: Cells, at least 1.
  ///   - mark: Replaces what is left out: `…`, or `..` in ASCII.
  /// - Returns: The text itself if it fits.
  public func shortened(to width: Int, mark: String) -> String {
    guard terminalWidth > width else { return self }
    let room = width - mark.terminalWidth
    guard room > 0 else { return Self.fitting(self, in: width) }
    let tail = Self.fitting(reversed(), in: room / 2)
    let head = Self.fitting(self, in: room - tail.terminalWidth)
    return head + mark + String(tail.reversed())
  }

  private static func fitting(_ characters: some Sequence<Character>, in width: Int) -> String {
    var text = ""
    var used = 0
    for character in characters {
      used += String(character).terminalWidth
      if used > width { break }
      text.append(character)
    }
    return text
  }

  /// With blanks up to so many cells.
  func padded(to width: Int, isRight: Bool = false) -> String {
    let blanks = String(repeating: " ", count: max(0, width - terminalWidth))
    return isRight ? blanks + self : self + blanks
  }
}
