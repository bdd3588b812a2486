/// Quotes a text for a shell if it must be, for commands to paste.
public struct ShellWord: CustomStringConvertible {
  private let text: String

  public init(_ text: String) { self.text = text }

  public var description: String {
    let plain = text.unicodeScalars.allSatisfy { scalar in
      scalar.isASCII
        && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
          || "-_./:=@%+,".unicodeScalars.contains(scalar))
    }
    guard !plain || text.isEmpty else { return text }
    return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
