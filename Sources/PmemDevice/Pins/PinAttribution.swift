/// Attributes pins to their likely holders, by the known activity of processes.
public struct PinAttribution {
  private let rules: KernelRules
  private let placed: PlacedEvidence
  private let elsewhere: [PinEvidence]
  /// Evidence with a likely range, that may have pins elsewhere.
  private let lastResort: [PinEvidence]

  /// - Parameters:
  ///   - namespace: The one that the ranges are of.
  ///   - evidence: Possible reasons for references to it.
  ///   - rules: The kernel's.
  public init(_ namespace: String, _ evidence: [PinEvidence], rules: KernelRules) {
    self.rules = rules
    placed = PlacedEvidence(evidence, on: namespace)
    // A process with thousands of buffers of one length is asked about once, not for each piece.
    var known: Set<String> = []
    elsewhere = evidence.filter { evidence in
      guard evidence.ranges == nil else { return false }
      let length = evidence.length.map { "\($0)" } ?? "-"
      let kind = "\(evidence.makesPins(rules)) \(evidence.evidence.title)"
      return known.insert("\(evidence.process.pid) \(length) \(kind)").inserted
    }
    lastResort = evidence.filter { $0.ranges != nil && $0.outlivesMappings }
  }

  /// The ranges, in as many pieces as have different holders, each with its class.
  ///
  /// - Parameter ranges: Ranges of equal pages, of one device: sorted, not overlapping.
  /// - Returns: The same pages, sorted.
  public func classified(_ ranges: [PinnedRange]) -> [PinnedRange] {
    let runs = Self.runs(ranges)
    return zip(ranges, runs).flatMap { pieces(of: $0, run: $1) }
  }

  /// How much is pinned around each range without a gap, bytes: a buffer that is longer is elsewhere.
  private static func runs(_ ranges: [PinnedRange]) -> [UInt64] {
    var runs: [UInt64] = []
    var first = 0
    while first < ranges.count {
      var last = first
      while last + 1 < ranges.count, ranges[last].pins > 0, ranges[last + 1].pins > 0,
        ranges[last + 1].extent.offset == ranges[last].extent.offset + ranges[last].extent.length
      { last += 1 }
      let length = ranges[first...last].reduce(0) { $0 + $1.extent.length }
      runs += repeatElement(length, count: last - first + 1)
      first = last + 1
    }
    return runs
  }

  private func pieces(of range: PinnedRange, run: UInt64) -> [PinnedRange] {
    let start = range.extent.offset
    let end = start + range.extent.length
    var cuts: Set<UInt64> = [start, end]
    for entry in placed.overlapping(start..<end) {
      let part = entry.range.clamped(to: start..<end)
      // A page counts as a whole for who has a part of it.
      let page = range.pageSize
      let last = start + (part.upperBound - start + page - 1) / page * page
      cuts.formUnion([start + (part.lowerBound - start) / page * page, min(last, end)])
    }
    let bounds = cuts.sorted()
    return zip(bounds, bounds.dropFirst()).map { piece(of: range, from: $0, to: $1, run: run) }
  }

  private func piece(of whole: PinnedRange, from: UInt64, to: UInt64, run: UInt64) -> PinnedRange {
    var piece = whole
    piece.extent = Extent(offset: from, length: to - from)
    // A page that no longer belongs to a file may show any file offset.
    piece.file = whole.file.map { file in
      PinnedFile(path: file.path, inode: file.inode, offset: file.offset &+ (from - whole.extent.offset))
    }
    let here = placed.overlapping(from..<to).map(\.evidence).filter { fits($0, whole) }
    let told = here.filter { $0.makesPins(rules) }.reduce(0) { $0 + $1.pins }
    let unexplained = whole.pins > told ? whole.pins - told : 0
    piece.unexplained = unexplained
    let others = possible(whole, unexplained: unexplained, run: run)
    let last = here.isEmpty && others.isEmpty ? lastResort.filter { fits($0, whole) } : []
    piece.holders =
      here.map { PinHolder(process: $0.process, evidence: $0.evidence, pins: $0.pins > 0 ? $0.pins : nil) }
      + (others + last).map { PinHolder(process: $0.process, evidence: $0.evidence) }
    // The evidence accounts for exactly as many pins as were counted: that is no coincidence.
    if told > 0, told == whole.pins { piece.isExact = true }
    piece.kind = kind(piece)
    if here.contains(where: { if case .directIO = $0.evidence { true } else { false } }) {
      piece.duration = .transient
    }
    return piece
  }

  /// Whether evidence can be the reason for what was counted: pins, other references, or both.
  private func fits(_ evidence: PinEvidence, _ range: PinnedRange) -> Bool {
    evidence.makesPins(rules) ? range.pins > 0 : range.references > 0
  }

  /// The possible reasons that do not report the range of their memory. A buffer that is longer than the longest pinned
  /// run here is left out as long as another candidate fits.
  private func possible(_ range: PinnedRange, unexplained: UInt64, run: UInt64) -> [PinEvidence] {
    let all = elsewhere.filter {
      $0.makesPins(rules) ? unexplained > 0 : fits($0, range)
    }
    let short = all.filter { ($0.length ?? 0) <= run }
    // One that is just as long is the likeliest; of a kind, a process is named once, though it may have thousands.
    let rest = short.isEmpty ? all : short
    var named: Set<String> = []
    return (rest.filter { $0.length == run } + rest.filter { $0.length != run }).filter { evidence in
      named.insert("\(evidence.process.pid) \(evidence.evidence.title)").inserted
    }
  }

  private func kind(_ range: PinnedRange) -> PinnedRange.Class {
    if range.references < 0 { return .corrupt }
    if range.pins == 0 { return .referenced }
    return range.holders.isEmpty ? .orphan : .pinned
  }
}
