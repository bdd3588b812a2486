/// A number with a noun that agrees with it: `1 page`, `2 pages`.
///
/// - Parameters:
///   - number: How many.
///   - noun: In the singular; the plural ends with "s".
/// - Returns: Both, with a blank between them.
public func counted(_ number: some BinaryInteger, _ noun: String) -> String {
  "\(number) \(noun)\(number == 1 ? "" : "s")"
}
