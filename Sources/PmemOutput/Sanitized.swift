extension String {
  /// The text with everything escaped that could change how a terminal shows other text: control characters,
  /// and the characters that turn or hide text.
  public var sanitized: String {
    guard unicodeScalars.contains(where: Self.isDangerous) else { return self }
    var result = ""
    for scalar in unicodeScalars {
      if Self.isDangerous(scalar) {
        result += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func isDangerous(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: true
    default: false
    }
  }
}
