import PmemDevice
import PmemOutput

/// A region drawn to scale, with a legend.
struct RegionDrawing {
  private let region: Region
  private let notes: NamespaceNotes
  private let terminal: Terminal

  init(_ region: Region, _ notes: NamespaceNotes, terminal: Terminal) {
    self.region = region
    self.notes = notes
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
    for namespace in region.namespaces where namespace.isSeed && namespace.isEnabled {
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
    var table = Table(
      [
        Table.Column(""), Table.Column(""), Table.Column("", isShortenable: true), Table.Column("", rank: 1),
        Table.Column("", .right), Table.Column("", rank: 2), Table.Column("", isShortenable: true),
      ], hasHeadings: false)
    for (sign, piece) in pieces {
      switch piece {
      case .namespace(let namespace):
        table.add([
          String(sign), namespace.dev, namespace.name ?? "",
          notes.mode(of: namespace)?.rawValue ?? "unknown mode",
          "\(namespace.rawSize)", namespace.node ?? "", notes.remark(on: namespace),
        ])
      case .free(let length):
        table.add([
          String(sign), region.isEnabled ? "free" : "unknown", "", "", "\(ByteCount(length))", "", "",
        ])
      }
    }
    let mark = terminal.isUnicode ? "…" : ".."
    return table.fitted(to: terminal.width - 2, mark: mark).text.split(separator: "\n").map { "  \($0)\n" }
      .joined()
  }
}
