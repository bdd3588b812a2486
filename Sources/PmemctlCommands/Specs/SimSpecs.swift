import PmemDevice
import PmemSim

/// `SIZE,key=value,...`
private struct SpecFields {
  let size: ByteCount
  private(set) var file = ""
  private var fields: [(key: String, value: String)] = []
  let option: String

  init(_ text: String, option: String, keys: [String]) throws(DeviceError) {
    self.option = option
    let words = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    size = try parseBytes(words[0], option: option)
    try add(words.dropFirst(), keys: keys)
  }

  /// `FILE,key=value,...`; a comma is a part of the name unless a known key follows.
  init(file text: String, option: String, keys: [String]) throws(DeviceError) {
    self.option = option
    size = .zero
    var words = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)[...]
    var found: [String] = []
    while words.count > 1, let last = words.last, keys.contains(where: { last.hasPrefix($0 + "=") }) {
      found.insert(last, at: 0)
      words = words.dropLast()
    }
    file = words.joined(separator: ",")
    try add(found[...], keys: keys)
  }

  private mutating func add(_ words: ArraySlice<String>, keys: [String]) throws(DeviceError) {
    for word in words {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, keys.contains(parts[0]) else {
        throw DeviceError(
          .usage, "\(option): \"\(word)\" is not known",
          details: ["use \(keys.map { $0 + "=" }.joined(separator: ", "))"])
      }
      guard !fields.contains(where: { $0.key == parts[0] }) else {
        throw DeviceError(.usage, "\(option): \(parts[0])= is given twice")
      }
      fields.append((parts[0], parts[1]))
    }
  }

  subscript(key: String) -> String? { fields.first { $0.key == key }?.value }

  var node: Int {
    get throws(DeviceError) {
      guard let text = self["node"] else { return 0 }
      guard let node = Int(text), node >= 0 else {
        throw DeviceError(.usage, "\(option): \"\(text)\" is not a NUMA node")
      }
      return node
    }
  }

  var slot: Int? {
    get throws(DeviceError) {
      guard let text = self["slot"] else { return nil }
      guard let slot = Int(text), slot >= 0 else {
        throw DeviceError(.usage, "\(option): \"\(text)\" is not the number of a slot")
      }
      return slot
    }
  }
}

extension SimDimmRequest {
  /// - Parameters:
  ///   - text: `SIZE,key=value,...`
  ///   - newest: The label format if the text has none.
  /// - Throws: ``DeviceError/Code/usage``, naming the option and the word.
  init(parsing text: String, newest: LabelVersion) throws(DeviceError) {
    let option = "--dimm"
    let fields = try SpecFields(
      text, option: option, keys: ["labels", "label-version", "node", "set", "slot"])
    self.init(
      size: fields.size, labelVersion: newest, node: try fields.node, set: fields["set"],
      slot: try fields.slot)
    if let labels = fields["labels"] {
      labelArea = labels == "none" ? .zero : try parseBytes(labels, option: option)
    }
    if labelArea == .zero { labelVersion = nil }
    if let version = try fields.labelVersion { labelVersion = version }
  }
}

extension SimCxlDeviceRequest {
  /// - Parameter text: `SIZE,key=value,...`
  /// - Throws: ``DeviceError/Code/usage``, naming the option and the word.
  init(parsing text: String) throws(DeviceError) {
    let option = "--cxl-memdev"
    let fields = try SpecFields(
      text, option: option, keys: ["kind", "bridge", "labels", "label-version", "decoders", "serial", "node"])
    self.init(size: fields.size, node: try fields.node)
    if let kinds = try fields.kinds { kind = kinds[0] }
    if let bridge = try fields.number("bridge") { self.bridge = bridge }
    if let decoders = try fields.number("decoders") { self.decoders = decoders }
    if let labels = fields["labels"] {
      labelArea = labels == "none" ? .zero : try parseBytes(labels, option: option)
    }
    if let version = try fields.labelVersion { labelVersion = version }
    guard let text = fields["serial"] else { return }
    guard let serial = text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text) else {
      throw DeviceError(.usage, "\(option): \"\(text)\" is not a serial number")
    }
    self.serial = serial
  }
}

extension SimCxlWindowRequest {
  /// - Parameter text: `SIZE,key=value,...`; host bridges are separated by `+`.
  /// - Throws: ``DeviceError/Code/usage``, naming the option and the word.
  init(parsing text: String) throws(DeviceError) {
    let option = "--cxl-window"
    let fields = try SpecFields(text, option: option, keys: ["bridges", "granularity", "kind"])
    self.init(size: fields.size)
    if let kinds = try fields.kinds { self.kinds = Set(kinds) }
    if let text = fields["bridges"] {
      let words = text.split(separator: "+", omittingEmptySubsequences: false)
      bridges = words.compactMap { Int($0) }
      guard bridges.count == words.count else {
        throw DeviceError(
          .usage, "\(option): \"\(text)\" is not a list of host bridges", details: ["such as 0+1"])
      }
    }
    if let text = fields["granularity"] { granularity = try parseBytes(text, option: option).rawValue }
  }
}

extension SpecFields {
  /// One kind of CXL memory.
  fileprivate var kinds: [CxlMemoryKind]? {
    get throws(DeviceError) {
      guard let text = self["kind"] else { return nil }
      guard let kind = CxlMemoryKind(rawValue: text) else {
        throw DeviceError(
          .usage, "\(option): kind \"\(text)\" is not known", details: ["use pmem or ram"])
      }
      return [kind]
    }
  }

  /// nil if it is not given; the inner nil is `blank`.
  fileprivate var labelVersion: LabelVersion?? {
    get throws(DeviceError) {
      guard let version = self["label-version"] else { return nil }
      guard version == "blank" || LabelVersion(rawValue: version) != nil else {
        throw DeviceError(
          .usage, "\(option): label version \"\(version)\" is not known", details: ["use 1.1, 1.2 or blank"])
      }
      return .some(LabelVersion(rawValue: version))
    }
  }

  fileprivate func number(_ key: String) throws(DeviceError) -> Int? {
    guard let text = self[key] else { return nil }
    guard let number = Int(text), number >= 0 else {
      throw DeviceError(.usage, "\(option): \(key)=\(text) is not a number")
    }
    return number
  }
}

extension SimRangeRequest {
  init(parsing text: String) throws(DeviceError) {
    let fields = try SpecFields(text, option: "--e820", keys: ["node"])
    self.init(size: fields.size, node: try fields.node)
  }
}

/// A DIMM's image as a person names it to `sim import`.
struct SimImageSpec {
  let path: String
  /// nil: to be found out.
  let labelArea: UInt64?
  let dimm: SimDimmRequest

  init(parsing text: String) throws(DeviceError) {
    let option = "--image"
    let fields = try SpecFields(file: text, option: option, keys: ["labels", "node", "set", "slot"])
    path = fields.file
    labelArea =
      if let labels = fields["labels"] {
        labels == "none" ? 0 : try parseBytes(labels, option: option).rawValue
      } else { nil }
    dimm = SimDimmRequest(size: .zero, node: try fields.node, set: fields["set"], slot: try fields.slot)
  }
}

extension KernelProfile {
  static var optionHelp: String {
    "The kernel whose rules to follow: " + allCases.map(\.rawValue).joined(separator: ", ") + "."
  }

  /// The value of `--kernel`; nil: the default.
  init(option text: String?) throws(DeviceError) {
    guard let profile = KernelProfile(rawValue: text ?? Self.standard.rawValue) else {
      let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
      throw DeviceError(
        .usage, "--kernel: there is no profile \"\(text ?? "")\"", details: ["valid values: \(known)"])
    }
    self = profile
  }
}
