import PmemDevice

/// How ndctl's words select devices. A word may be a list of names between blanks; a number is looked for in the whole word
/// alone.
struct Selectors {
  var bus: String?
  var region: String?
  var dimm: String?
  var namespace: String?

  init(bus: String? = nil, region: String? = nil, dimm: String? = nil, namespace: String? = nil) {
    self.bus = bus
    self.region = region
    self.dimm = dimm
    self.namespace = namespace
  }

  // MARK: One device

  /// By number, provider or kernel name.
  static func matches(_ bus: Bus, _ word: String?) -> Bool {
    matches(word, number: number(of: bus.dev)) { $0 == bus.provider || $0 == bus.dev }
  }

  static func matches(_ region: Region, _ word: String?) -> Bool {
    matches(word, number: region.id) { $0 == region.dev }
  }

  static func matches(_ dimm: DIMM, _ word: String?) -> Bool {
    matches(word, number: number(of: dimm.dev)) { $0 == dimm.dev }
  }

  /// By kernel name or as `0.1`.
  static func matches(_ namespace: Namespace, _ word: String?) -> Bool {
    guard let word else { return true }
    return word.split(separator: " ").contains { name in
      if name == "all" || name == namespace.dev { return true }
      guard let (first, second) = pair(name) else { return false }
      return first == namespace.regionID && second == namespace.id
    }
  }

  private static func matches(_ word: String?, number: Int, name: (String) -> Bool) -> Bool {
    guard let word else { return true }
    let wanted = unsigned(word)
    return word.split(separator: " ").contains { part in
      if part == "all" { return true }
      if let wanted { return wanted == number }
      return name(String(part))
    }
  }

  /// The value that strtoul(3) parses with any base, if it parses all.
  static func unsigned(_ word: String) -> Int? {
    guard let last = word.last, last.isHexDigit, let size = SizeText(word), size.unit == 1 else { return nil }
    return Int(exactly: size.bytes)
  }

  /// The digits of `0.1` at the start of a word, whatever follows.
  static func pair(_ word: Substring) -> (Int, Int)? {
    let first = word.prefix { $0.isASCII && $0.isNumber }
    let rest = word[first.endIndex...]
    guard rest.first == ".", let one = Int(first) else { return nil }
    let second = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
    return Int(second).map { (one, $0) }
  }

  private static func number(of dev: String) -> Int { Int(dev.drop { !$0.isNumber }) ?? 0 }

  // MARK: A device by what is on it, or what it is on

  func admits(_ bus: Bus) -> Bool {
    Self.matches(bus, self.bus)
      && (isAll(dimm) || bus.dimms.contains { Self.matches($0, dimm) })
      && (isAll(region) || bus.regions.contains { Self.matches($0, region) })
      && (isAll(namespace)
        || bus.regions.contains { $0.namespaces.contains { Self.matches($0, namespace) } })
  }

  func admits(_ dimm: DIMM, on bus: Bus) -> Bool {
    let own = bus.regions.filter { $0.mappings.contains { $0.dimm == dimm.dev } }
    return Self.matches(dimm, self.dimm) && (isAll(region) || own.contains { Self.matches($0, region) })
      && (isAll(namespace) || own.contains { $0.namespaces.contains { Self.matches($0, namespace) } })
  }

  func admits(_ region: Region, on bus: Bus) -> Bool {
    let dimms = bus.dimms.filter { dimm in region.mappings.contains { $0.dimm == dimm.dev } }
    return Self.matches(region, self.region) && (isAll(dimm) || dimms.contains { Self.matches($0, dimm) })
      && (isAll(namespace) || region.namespaces.contains { Self.matches($0, namespace) })
  }

  private func isAll(_ word: String?) -> Bool { word == nil || word == "all" }
}
