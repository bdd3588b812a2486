import PmemDevice

/// The references on a device, read several times in a short while: those that stayed the same all the time are
/// long-term, as far as such a look shows.
struct PinWatch {
  /// Between two looks, microseconds.
  static let pauses: [UInt32] = [2_000, 8_000, 30_000]

  /// As it was seen last.
  private(set) var held: [ReferencedPageRun]
  /// The references that were the same in every reading.
  private var lasting: [ReferencedPageRun]

  init(_ first: [ReferencedPageRun]) {
    held = first
    lasting = first
  }

  mutating func add(_ next: [ReferencedPageRun]) {
    lasting = Self.same(lasting, next)
    held = next
  }

  /// The last reading, in pieces that have each lasted or not.
  var pieces: [(pages: ReferencedPageRun, isLasting: Bool)] {
    var found: [(pages: ReferencedPageRun, isLasting: Bool)] = []
    var rest = lasting[...]
    for pages in held {
      var cursor = pages.offset
      while let first = rest.first, first.end <= cursor { rest = rest.dropFirst() }
      for piece in rest {
        guard piece.offset < pages.end else { break }
        if piece.offset > cursor { found.append((pages.part(cursor..<piece.offset), false)) }
        found.append((pages.part(piece.offset..<min(piece.end, pages.end)), true))
        cursor = min(piece.end, pages.end)
      }
      if cursor < pages.end { found.append((pages.part(cursor..<pages.end), false)) }
    }
    return found
  }

  /// The part that two readings have in common.
  private static func same(_ left: [ReferencedPageRun], _ right: [ReferencedPageRun]) -> [ReferencedPageRun] {
    var found: [ReferencedPageRun] = []
    var others = right[...]
    for pages in left {
      while let first = others.first, first.end <= pages.offset { others = others.dropFirst() }
      for other in others {
        guard other.offset < pages.end else { break }
        guard other.holds == pages.holds, other.pageSize == pages.pageSize else { continue }
        found.append(pages.part(max(pages.offset, other.offset)..<min(pages.end, other.end)))
      }
    }
    return found
  }
}

extension ReferencedPageRun {
  /// A part of it, by its offset on the device.
  fileprivate func part(_ range: Range<UInt64>) -> ReferencedPageRun {
    var part = self
    part.index &+= (range.lowerBound - offset) / 4096
    part.offset = range.lowerBound
    part.length = range.upperBound - range.lowerBound
    return part
  }
}
