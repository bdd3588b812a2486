/// A number with a noun that agrees with it: `1 page`, `2 pages`.
///
/// - Parameters:
///   - number: How many.
///   - noun: In the singular.
///   - plural: If it does not end with "s" alone.
/// - Returns: Both, with a blank between them.
public func counted(_ number: some BinaryInteger, _ noun: String, plural: String? = nil) -> String {
  "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
}
