import Foundation
import TestSupport

/// The examples of a manual page as a terminal of 80 columns shows them, which is what a reader copies.
///
/// groff prints `-` as a hyphen and `'` as a quotation mark since 1.23; earlier versions and the local files of some
/// distributions (`mdoc.local`) turn them back into ASCII. Here they are not: an example that can be copied only there
/// fails. What is copied literally is written `\-` and `\(aq`.
struct PrintedExamples {
  /// Commands, separated by lines of prose; a script each.
  let blocks: [String]
  /// Lines that do not fit, which a terminal or a formatter breaks.
  let overlong: [String]

  /// - Parameters:
  ///   - page: The file.
  ///   - section: The only section to look at; nil for all of them.
  /// - Throws: ``Failure`` if groff fails or warns.
  init(page: URL, section: String? = "EXAMPLES") throws {
    let directory = try TemporaryDirectory()
    try Data(Self.typography.utf8).write(to: URL(fileURLWithPath: directory.path + "/mdoc.local"))
    let shown = try run(
      "/usr/bin/groff",
      ["-k", "-Tutf8", "-mdoc", "-M", directory.path, "-P-cbou", "-rLL=80n", page.path])
    guard shown.status == 0, shown.errors.isEmpty else { throw Failure(text: shown.errors) }
    var isInside = false
    var blocks: [[String]] = []
    var hasBreak = true
    for line in shown.output.components(separatedBy: "\n") {
      if let first = line.first, first != " " {
        isInside = section.map { line == $0 } ?? true
        hasBreak = true
      }
      guard isInside, !line.isEmpty else { continue }
      // Text of a section is indented by 5, a display by 6 more.
      guard line.hasPrefix(Self.indent) else {
        hasBreak = true
        continue
      }
      if hasBreak { blocks.append([]) }
      hasBreak = false
      blocks[blocks.count - 1].append(String(line.dropFirst(Self.indent.count)))
    }
    self.blocks = blocks.map { $0.joined(separator: "\n") }
    overlong = blocks.flatMap { $0 }.filter { $0.count + Self.indent.count > 80 }
  }

  /// groff_char(7): what these print where nothing maps them to ASCII.
  private static let typography = """
    .char - \\[hy]
    .char ' \\[cq]
    .char ` \\[oq]
    .char ^ \\[u02C6]
    .char ~ \\[u02DC]

    """

  private static let indent = String(repeating: " ", count: 11)

  struct Failure: Error {
    let text: String
  }
}
