import Glibc
import PmemDevice

/// What a monitor watches: the command line, and a file of settings, whose lists are added to those of the command line.
struct MonitorSettings {
  private var words: [String: String] = [:]
  private(set) var log: String?

  private static let keys = ["bus", "region", "dimm", "namespace", "dimm-event"]

  /// - Parameter options: Of the command line.
  init(_ options: ParsedOptions) {
    for key in Self.keys { words[key] = options.text(key) }
    log = options.text("log")
  }

  /// The file that is read if the command line names none; nil if it is not there.
  static var usualFile: String? {
    let path = "/etc/ndctl.conf.d/monitor.conf"
    return access(path, F_OK) == 0 ? path : nil
  }

  /// The lines of a file: `key = value`. Sections, comments and other lines are passed over.
  mutating func add(_ text: String) {
    for line in text.split(whereSeparator: \.isNewline) {
      guard let (key, value) = SettingsFile.pair(line) else { continue }
      if Self.keys.contains(key) {
        words[key] = words[key].map { $0.isEmpty ? value : "\($0) \(value)" } ?? value
      } else if key == "log", log == nil {
        log = value
      }
    }
  }

  var selectors: Selectors {
    Selectors(bus: words["bus"], region: words["region"], dimm: words["dimm"], namespace: words["namespace"])
  }

  var events: Result<DimmEvents, DimmEvents.Unknown> { DimmEvents.parsing(words["dimm-event"]) }
}
