import PmemDevice
import PmemOutput

/// A CXL window drawn to scale, with a legend.
struct WindowDrawing {
  private let window: CxlWindow
  private let terminal: Terminal

  init(_ window: CxlWindow, terminal: Terminal) {
    self.window = window
    self.terminal = terminal
  }

  /// The bar, then a line a region and free piece. No bar if sizes are not known.
  var text: String {
    guard let pieces = window.pieces else { return legend(window.regions.map { (" ", .region($0)) }) }
    let parts = pieces.map { piece in
      switch piece {
      case .region(let region): ExtentMap.Part(length: region.size?.rawValue ?? 0, isFree: false)
      case .free(let length): ExtentMap.Part(length: length, isFree: true)
      }
    }
    let map = ExtentMap(parts, style: terminal.isUnicode ? .blocks : .ascii)
    // Those that have no size, because they have no memory yet.
    let others = window.regions.filter { !pieces.contains(.region($0)) }.map {
      (Character(" "), CxlWindow.Piece.region($0))
    }
    return "  \(map.bar(width: max(10, min(64, terminal.width - 4))))\n"
      + legend(Array(zip(map.signs, pieces)) + others)
  }

  private func legend(_ pieces: [(Character, CxlWindow.Piece)]) -> String {
    guard !pieces.isEmpty else { return "" }
    var table = Table(
      [
        Table.Column(""), Table.Column(""), Table.Column("", rank: 1), Table.Column("", .right),
        Table.Column("", rank: 1), Table.Column("", rank: 2), Table.Column("", isShortenable: true),
      ], hasHeadings: false)
    for (sign, piece) in pieces {
      switch piece {
      case .region(let region):
        table.add([
          String(sign), region.dev.sanitized, region.kind?.rawValue ?? "",
          region.size.map { "\($0)" } ?? "size unknown",
          region.interleave, region.state,
          region.members.map { $0.memdev ?? $0.decoder }.joined(separator: ", ").sanitized,
        ])
      case .free(let length): table.add([String(sign), "free", "", "\(ByteCount(length))", "", "", ""])
      }
    }
    let mark = terminal.isUnicode ? "…" : ".."
    return table.fitted(to: terminal.width - 2, mark: mark).text.split(separator: "\n").map { "  \($0)\n" }
      .joined()
  }
}

extension CxlWindow {
  /// `decoder0.0  4 GiB window  at 0x190000000  pmem, ram`, in parts.
  var headline: [String] {
    [
      dev, size.map { "\($0) window" } ?? "window of unknown size",
      start.map { "at 0x\(String($0, radix: 16))" } ?? "at an address that only root may see",
      kinds.map(\.rawValue).joined(separator: ", "),
      ways.flatMap { $0 > 1 ? "\($0) host bridges" : nil } ?? "",
      granularity.flatMap { (ways ?? 1) > 1 ? "\(ByteCount($0)) each" : nil } ?? "",
    ].filter { !$0.isEmpty }
  }
}
