/// Values of numbered elements, as runs of equal neighbours: memory is in proportion to the runs, not to the elements.
///
/// An element that was never set has the default value of the map, and takes no state.
package struct RunMap<Value: Hashable>: Hashable {
  package struct Run: Hashable {
    package var range: Range<UInt64>
    package var value: Value
  }

  /// In order, not overlapping; there may be some with ``defaultValue``, and equal adjacent ones, until they are
  /// compacted: a range that changes back and forth is not split and joined each time.
  private var kept: [Run] = []
  private var isCompact = true
  /// How many runs there may be before they are looked through.
  private var compactionThreshold = 64
  /// Of everything else.
  package let defaultValue: Value

  package init(_ defaultValue: Value) { self.defaultValue = defaultValue }

  /// In order, not overlapping, no equal adjacent ones, none with ``defaultValue``.
  package var runs: [Run] { isCompact ? kept : compacted }

  package var isEmpty: Bool { isCompact ? kept.isEmpty : kept.allSatisfy { $0.value == defaultValue } }

  package static func == (left: RunMap, right: RunMap) -> Bool {
    left.defaultValue == right.defaultValue && left.runs == right.runs
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(defaultValue)
    hasher.combine(runs)
  }

  /// The first run that ends behind a number.
  private func runIndex(_ number: UInt64) -> Int {
    var low = 0
    var high = kept.count
    while low < high {
      let middle = (low + high) / 2
      if kept[middle].range.upperBound > number { high = middle } else { low = middle + 1 }
    }
    return low
  }

  package subscript(_ number: UInt64) -> Value {
    let index = runIndex(number)
    guard index < kept.count, kept[index].range.contains(number) else { return defaultValue }
    return kept[index].value
  }

  package mutating func set(_ range: Range<UInt64>, _ value: Value) { update(range) { $0 = value } }

  /// Changes the values of a range; `body` is called once a run.
  package mutating func update(_ range: Range<UInt64>, _ body: (inout Value) -> Void) {
    guard !range.isEmpty else { return }
    let first = runIndex(range.lowerBound)
    isCompact = false
    // The usual case: one run, changed as a whole.
    if first < kept.count, kept[first].range == range {
      body(&kept[first].value)
      return
    }
    splice(range, from: first, body)
    guard kept.count > compactionThreshold else { return }
    kept = compacted
    isCompact = true
    compactionThreshold = max(64, 2 * kept.count)
  }

  private mutating func splice(
    _ range: Range<UInt64>, from first: Int, _ body: (inout Value) -> Void
  ) {
    var made: [Run] = []
    var cursor = range.lowerBound
    var last = first
    func add(_ range: Range<UInt64>, _ value: Value) {
      if !range.isEmpty { made.append(Run(range: range, value: value)) }
    }
    func addChanged(_ range: Range<UInt64>, _ value: Value) {
      guard !range.isEmpty else { return }
      var value = value
      body(&value)
      made.append(Run(range: range, value: value))
    }
    while last < kept.count, kept[last].range.lowerBound < range.upperBound {
      let run = kept[last]
      let inside = run.range.clamped(to: range)
      add(run.range.lowerBound..<inside.lowerBound, run.value)
      addChanged(cursor..<inside.lowerBound, defaultValue)
      addChanged(inside, run.value)
      cursor = inside.upperBound
      add(inside.upperBound..<run.range.upperBound, run.value)
      last += 1
    }
    if cursor < range.upperBound {
      // In front of what may be left of the last run there is nothing: it ends before the range does.
      addChanged(cursor..<range.upperBound, defaultValue)
    }
    kept.replaceSubrange(first..<last, with: made)
  }

  /// Equal neighbours are joined, and runs of the default value are dropped.
  private var compacted: [Run] {
    var found: [Run] = []
    for run in kept where run.value != defaultValue {
      if let last = found.last, last.range.upperBound == run.range.lowerBound, last.value == run.value {
        found[found.count - 1].range = last.range.lowerBound..<run.range.upperBound
      } else {
        found.append(run)
      }
    }
    return found
  }

  /// The runs of a range, with those of the default value between them; neighbours may be equal.
  package func parts(_ range: Range<UInt64>) -> [Run] {
    guard !range.isEmpty else { return [] }
    var found: [Run] = []
    var cursor = range.lowerBound
    var index = runIndex(range.lowerBound)
    while index < kept.count, kept[index].range.lowerBound < range.upperBound {
      let inside = kept[index].range.clamped(to: range)
      if inside.lowerBound > cursor {
        found.append(Run(range: cursor..<inside.lowerBound, value: defaultValue))
      }
      found.append(Run(range: inside, value: kept[index].value))
      cursor = inside.upperBound
      index += 1
    }
    if cursor < range.upperBound { found.append(Run(range: cursor..<range.upperBound, value: defaultValue)) }
    return found
  }
}

extension RunMap.Run: Sendable where Value: Sendable {}
extension RunMap: Sendable where Value: Sendable {}
