import PmemDevice
import PmemOutput

/// A region drawn to scale, with a legend.
struct RegionDrawing {
  private let region: Region
  private let terminal: Terminal

  init(_ region: Region, terminal: Terminal) {
    self.region = region
    self.terminal = terminal
  }

  private enum Piece {
    case namespace(Namespace)
    case free(UInt64)

    var length: UInt64 {
      switch self {
      case .namespace(let namespace): namespace.rawSize.rawValue
      case .free(let length): length
      }
    }
  }

  /// The bar, then a line a piece. Without addresses (they are root's) pieces are in the order of their
  /// numbers and free space comes last.
  var text: String {
    let pieces = pieces
    let parts = pieces.map { piece -> ExtentMap.Part in
      if case .free = piece { return ExtentMap.Part(length: piece.length, isFree: true) }
      return ExtentMap.Part(length: piece.length, isFree: false)
    }
    let map = ExtentMap(parts, style: terminal.isUnicode ? .blocks : .ascii)
    var text = "  \(map.bar(width: max(10, min(64, terminal.width - 4))))\n"
    text += legend(Array(zip(map.signs, pieces)))
    for namespace in region.namespaces where namespace.isIdle && namespace.isEnabled {
      text += "  \(namespace.dev) is enabled without a size\n"
    }
    return text
  }

  private var pieces: [Piece] {
    guard let placements = region.placements else {
      let free = region.availableSize.rawValue
      return region.configuredNamespaces.map(Piece.namespace) + (free > 0 ? [.free(free)] : [])
    }
    var pieces: [Piece] = []
    var cursor: UInt64 = 0
    for placement in placements {
      if placement.offset > cursor { pieces.append(.free(placement.offset - cursor)) }
      pieces.append(.namespace(placement.namespace))
      cursor = max(cursor, placement.offset + placement.namespace.rawSize.rawValue)
    }
    if cursor < region.size.rawValue { pieces.append(.free(region.size.rawValue - cursor)) }
    return pieces
  }

  private func legend(_ pieces: [(Character, Piece)]) -> String {
    let rows = pieces.map { sign, piece -> [String] in
      switch piece {
      case .namespace(let namespace):
        [
          String(sign), namespace.dev, namespace.name ?? "", namespace.mode.rawValue, "\(namespace.rawSize)",
          namespace.node ?? "", remark(namespace),
        ]
      case .free(let length):
        [String(sign), region.isEnabled ? "free" : "unknown", "", "", "\(ByteCount(length))", "", ""]
      }
    }.map { $0.map(\.sanitized) }
    let widths = (0..<7).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = "  \(row[0]) "
      for column in 1..<7 where widths[column] > 0 {
        let padding = String(repeating: " ", count: widths[column] - row[column].count)
        line += column == 4 ? padding + row[column] : row[column] + padding
        line += "  "
      }
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }

  private func remark(_ namespace: Namespace) -> String {
    guard namespace.isEnabled else { return "disabled" }
    switch namespace.mode {
    case .raw: return "no DAX: raw mode"
    case .sector: return "\(namespace.size) usable"
    case .fsdax, .devdax:
      return namespace.size == namespace.rawSize ? "" : "\(namespace.size) usable"
    }
  }
}
