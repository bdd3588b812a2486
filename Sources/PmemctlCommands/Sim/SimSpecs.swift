import PmemDevice
import PmemSim

/// `SIZE,key=value,...`
private struct SpecFields {
  let size: ByteCount
  private var fields: [(key: String, value: String)] = []
  private let option: String

  init(_ text: String, option: String, keys: [String]) throws(DeviceError) {
    self.option = option
    let words = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    size = try parseBytes(words[0], option: option)
    for word in words.dropFirst() {
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
}

extension SimDimmRequest {
  init(parsing text: String) throws(DeviceError) {
    let option = "--dimm"
    let fields = try SpecFields(text, option: option, keys: ["labels", "label-version", "node", "set"])
    self.init(size: fields.size, node: try fields.node, set: fields["set"])
    if let labels = fields["labels"] {
      labelArea = labels == "none" ? .zero : try parseBytes(labels, option: option)
    }
    if labelArea == .zero { labelVersion = nil }
    guard let version = fields["label-version"] else { return }
    guard version == "blank" || LabelVersion(rawValue: version) != nil else {
      throw DeviceError(
        .usage, "\(option): label version \"\(version)\" is not known", details: ["use 1.1, 1.2 or blank"])
    }
    labelVersion = LabelVersion(rawValue: version)
  }
}

extension SimRangeRequest {
  init(parsing text: String) throws(DeviceError) {
    let fields = try SpecFields(text, option: "--e820", keys: ["node"])
    self.init(size: fields.size, node: try fields.node)
  }
}
