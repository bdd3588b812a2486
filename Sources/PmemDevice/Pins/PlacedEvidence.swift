/// Evidence that includes the range of its memory on a namespace, indexed so that one range is found without a scan.
struct PlacedEvidence {
  struct Entry {
    let range: Range<UInt64>
    let evidence: PinEvidence
    /// In the order of the evidence, surest first.
    fileprivate let number: Int
  }

  /// Sorted by their start.
  private let entries: [Entry]
  /// The furthest end of the entries up to each.
  private let ends: [UInt64]

  init(_ evidence: [PinEvidence], on namespace: String) {
    var entries: [Entry] = []
    for evidence in evidence {
      for part in evidence.ranges ?? [] where part.namespace == namespace && part.extent.length > 0 {
        let range = part.extent.offset..<(part.extent.offset + part.extent.length)
        entries.append(Entry(range: range, evidence: evidence, number: entries.count))
      }
    }
    entries.sort { ($0.range.lowerBound, $0.number) < ($1.range.lowerBound, $1.number) }
    var ends: [UInt64] = []
    for entry in entries { ends.append(max(ends.last ?? 0, entry.range.upperBound)) }
    self.entries = entries
    self.ends = ends
  }

  /// Those that have a part of the range, in the order of the evidence.
  func overlapping(_ range: Range<UInt64>) -> [Entry] {
    // Behind the last that begins before the end of the range.
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].range.lowerBound < range.upperBound { low = middle + 1 } else { high = middle }
    }
    var found: [Entry] = []
    while low > 0, ends[low - 1] > range.lowerBound {
      low -= 1
      if entries[low].range.overlaps(range) { found.append(entries[low]) }
    }
    return found.sorted { $0.number < $1.number }
  }
}
