import PmemDevice

/// The settings of `/etc/daxctl.conf.d` for a device: sections `[reconfigure-device NAME]` that name the UUID of its info block.
struct DaxConfiguration: Hashable {
  private(set) var uuid: DeviceUUID?
  private(set) var mode: String?
  private(set) var isOnline: Bool?
  private(set) var isMovable: Bool?

  static let directory = "/etc/daxctl.conf.d"

  /// - Parameters:
  ///   - uuid: Of the info block.
  ///   - directory: Of the files, which are read in the order of their names.
  /// - Returns: The first section with it; nil if there is none.
  static func section(for uuid: DeviceUUID, in directory: String = directory) -> DaxConfiguration? {
    for path in SettingsFile.paths(in: directory) {
      guard let bytes = try? ToolFile.read(path) else { continue }
      if let found = sections(String(decoding: bytes, as: UTF8.self)).first(where: { $0.uuid == uuid }) {
        return found
      }
    }
    return nil
  }

  /// The sections of a file; lines of others, and comments, are passed over.
  static func sections(_ text: String) -> [DaxConfiguration] {
    var sections: [DaxConfiguration] = []
    var isOwn = false
    for line in text.split(separator: "\n") {
      if let name = SettingsFile.section(line) {
        isOwn = name.hasPrefix("reconfigure-device")
        if isOwn { sections.append(DaxConfiguration()) }
        continue
      }
      guard isOwn, let (key, value) = SettingsFile.pair(line) else { continue }
      sections[sections.count - 1].set(key, value)
    }
    return sections
  }

  private mutating func set(_ key: String, _ value: String) {
    switch key {
    case "nvdimm.uuid": uuid = DeviceUUID(value)
    case "mode": mode = value
    case "online": isOnline = Self.flag(value)
    case "movable": isMovable = Self.flag(value)
    default: break
    }
  }

  /// By the first letter.
  private static func flag(_ text: String) -> Bool? {
    switch text.first {
    case "t", "T", "y", "Y", "1": true
    case "f", "F", "n", "N", "0": false
    default: nil
    }
  }
}
