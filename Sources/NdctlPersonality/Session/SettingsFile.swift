import Glibc
import PmemDevice

/// Files of settings as both tools have them: lines `key = value`, sections and comments.
enum SettingsFile {
  /// The files of a directory whose names end with `.conf`, by name; empty if it cannot be read.
  static func paths(in directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      names.append(
        withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    return names.filter { $0.hasSuffix(".conf") }.sorted().map { "\(directory)/\($0)" }
  }

  /// The text of a file, or of all files of a directory.
  ///
  /// - Throws: If it cannot be read.
  static func text(_ path: String) throws(DeviceError) -> String {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      return String(decoding: try ToolFile.read(path), as: UTF8.self)
    }
    var text = ""
    for file in paths(in: path) { text += String(decoding: try ToolFile.read(file), as: UTF8.self) + "\n" }
    return text
  }

  /// The name between the brackets of a section's line; nil for other lines.
  static func section(_ line: Substring) -> Substring? {
    let line = trimmed(line)
    guard line.hasPrefix("[") else { return nil }
    return line.dropFirst().prefix { $0 != "]" }
  }

  /// Both sides of a line; nil for comments, and for what has no value.
  static func pair(_ line: Substring) -> (key: String, value: String)? {
    let line = trimmed(line)
    guard !line.hasPrefix("#"), !line.hasPrefix(";"), let sign = line.firstIndex(of: "=") else { return nil }
    let value = trimmed(line[line.index(after: sign)...])
    return value.isEmpty ? nil : (String(trimmed(line[..<sign])), String(value))
  }

  private static func trimmed(_ text: Substring) -> Substring {
    let start = text.drop(while: \.isWhitespace)
    guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return start[...last]
  }
}
