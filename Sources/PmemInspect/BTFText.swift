/// The kernel's description of its own types (/sys/kernel/btf/vmlinux; Documentation/bpf/btf.rst), as far as the place
/// of a member of a structure goes.
struct BTFText {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The size of a structure and the places of members of its own, bytes; nil where there is none such.
  func structure(_ name: String, members wanted: [String]) -> (size: Int, offsets: [Int])? {
    guard word(0) & 0xffff == 0xeb9f else { return nil }
    let header = Int(word(4))
    let types = header + Int(word(8))
    let end = types + Int(word(12))
    let strings = header + Int(word(16))
    var place = types
    while place + 12 <= min(end, bytes.count) {
      let info = word(place + 4)
      let count = Int(info & 0xffff)
      let kind = info >> 24 & 0x1f
      if kind == Self.structKind, text(strings + Int(word(place))) == name {
        let found = wanted.compactMap { member in
          offset(of: member, at: place + 12, count: count, isBitfield: info >> 31 != 0, strings)
        }
        if found.count == wanted.count { return (Int(word(place + 8)), found) }
      }
      guard let extra = Self.extra(kind, count) else { return nil }
      place += 12 + extra
    }
    return nil
  }

  private func offset(of member: String, at place: Int, count: Int, isBitfield: Bool, _ strings: Int) -> Int?
  {
    for index in 0..<count {
      let member = (name: text(strings + Int(word(place + 12 * index))), wanted: member)
      guard member.name == member.wanted else { continue }
      let bits = word(place + 12 * index + 8)
      return Int(isBitfield ? bits & 0xff_ffff : bits) / 8
    }
    return nil
  }

  private static let structKind: UInt32 = 4

  /// Bytes behind the twelve that every type has; nil for a kind that is not known.
  private static func extra(_ kind: UInt32, _ count: Int) -> Int? {
    switch kind {
    // Integer, variable, declaration tag.
    case 1, 14, 17: 4
    // Pointer, forward, typedef, qualifiers, function, float, type tag.
    case 2, 7, 8, 9, 10, 11, 12, 16, 18: 0
    // Array.
    case 3: 12
    // Structure, union, data section, 64-bit enumeration.
    case 4, 5, 15, 19: 12 * count
    // Enumeration, prototype.
    case 6, 13: 8 * count
    default: nil
    }
  }

  private func word(_ place: Int) -> UInt32 {
    guard place >= 0, place + 4 <= bytes.count else { return 0 }
    return UInt32(bytes[place]) | UInt32(bytes[place + 1]) << 8 | UInt32(bytes[place + 2]) << 16
      | UInt32(bytes[place + 3]) << 24
  }

  private func text(_ place: Int) -> String {
    guard place >= 0, place < bytes.count else { return "" }
    return String(decoding: bytes[place...].prefix { $0 != 0 }, as: UTF8.self)
  }
}
