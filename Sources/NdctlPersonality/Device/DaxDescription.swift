import PmemOutput

/// A device as `daxctl list -M` prints it, edited by a person: the file of `--input`.
struct DaxDescription {
  let region: Int
  let size: UInt64
  let align: UInt64

  /// - Returns: nil if a member is missing.
  init?(_ bytes: [UInt8]) {
    guard case .object(let object)? = try? JSON(parsing: bytes) else { return nil }
    func number(_ key: String) -> UInt64? {
      switch object.members.first(where: { $0.key == key })?.value {
      case .unsigned(let number): number
      case .integer(let number): UInt64(exactly: number)
      case .string(let text): SizeText(text)?.bytes
      default: nil
      }
    }
    guard case .string(let chardev)? = object.members.first(where: { $0.key == "chardev" })?.value,
      chardev.hasPrefix("dax"), let (region, _) = Selectors.pair(chardev.dropFirst(3)),
      let size = number("size"), let align = number("align"),
      object.members.contains(where: { $0.key == "mappings" })
    else { return nil }
    self.region = region
    self.size = size
    self.align = align
  }
}
