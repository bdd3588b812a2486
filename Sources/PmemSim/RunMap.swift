/// Values of numbered things, as runs of equal neighbours: memory is in proportion to the runs, not to the things.
///
/// What was never set has the value that the map was made with, and takes no memory.
package struct RunMap<Value: Hashable>: Hashable {
  package struct Run: Hashable {
    package var range: Range<UInt64>
    package var value: Value
  }

  /// In order, not overlapping, no two that touch alike, none with ``rest``.
  package private(set) var runs: [Run] = []
  /// Of everything else.
  package let rest: Value

  package init(_ rest: Value) { self.rest = rest }

  package var isEmpty: Bool { runs.isEmpty }

  /// The first run that ends behind a number.
  private func place(_ number: UInt64) -> Int {
    var low = 0
    var high = runs.count
    while low < high {
      let middle = (low + high) / 2
      if runs[middle].range.upperBound > number { high = middle } else { low = middle + 1 }
    }
    return low
  }

  package subscript(_ number: UInt64) -> Value {
    let place = place(number)
    guard place < runs.count, runs[place].range.contains(number) else { return rest }
    return runs[place].value
  }

  package mutating func set(_ range: Range<UInt64>, _ value: Value) { update(range) { $0 = value } }

  /// Changes the values of a range; `body` is called once a run.
  package mutating func update(_ range: Range<UInt64>, _ body: (inout Value) -> Void) {
    guard !range.isEmpty else { return }
    let first = place(range.lowerBound)
    // The usual case: one run, changed as a whole, unlike its neighbours.
    if first < runs.count, runs[first].range == range {
      body(&runs[first].value)
      if isSettled(first) { return }
      tidy(first..<(first + 1))
    } else {
      tidy(splice(range, from: first, body))
    }
  }

  /// Whether a run may stay where it is.
  private func isSettled(_ index: Int) -> Bool {
    let run = runs[index]
    guard run.value != rest else { return false }
    if index > 0, runs[index - 1].range.upperBound == run.range.lowerBound, runs[index - 1].value == run.value
    {
      return false
    }
    guard index + 1 < runs.count, runs[index + 1].range.lowerBound == run.range.upperBound else {
      return true
    }
    return runs[index + 1].value != run.value
  }

  /// - Returns: Where the runs are that were made.
  private mutating func splice(
    _ range: Range<UInt64>, from first: Int, _ body: (inout Value) -> Void
  ) -> Range<Int> {
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
    while last < runs.count, runs[last].range.lowerBound < range.upperBound {
      let run = runs[last]
      let inside = run.range.clamped(to: range)
      add(run.range.lowerBound..<inside.lowerBound, run.value)
      addChanged(cursor..<inside.lowerBound, rest)
      addChanged(inside, run.value)
      cursor = inside.upperBound
      add(inside.upperBound..<run.range.upperBound, run.value)
      last += 1
    }
    if cursor < range.upperBound {
      // In front of what may be left of the last run there is nothing: it ends before the range does.
      addChanged(cursor..<range.upperBound, rest)
    }
    runs.replaceSubrange(first..<last, with: made)
    return first..<(first + made.count)
  }

  /// Joins what is alike and forgets what is as the rest, among some runs and their neighbours.
  private mutating func tidy(_ changed: Range<Int>) {
    let window = max(0, changed.lowerBound - 1)..<min(runs.count, changed.upperBound + 1)
    var kept: [Run] = []
    for run in runs[window] where run.value != rest {
      if let last = kept.last, last.range.upperBound == run.range.lowerBound, last.value == run.value {
        kept[kept.count - 1].range = last.range.lowerBound..<run.range.upperBound
      } else {
        kept.append(run)
      }
    }
    if kept.count != window.count { runs.replaceSubrange(window, with: kept) }
  }

  /// The runs of a range, with those of the rest between them.
  package func parts(_ range: Range<UInt64>) -> [Run] {
    guard !range.isEmpty else { return [] }
    var found: [Run] = []
    var cursor = range.lowerBound
    var index = place(range.lowerBound)
    while index < runs.count, runs[index].range.lowerBound < range.upperBound {
      let inside = runs[index].range.clamped(to: range)
      if inside.lowerBound > cursor { found.append(Run(range: cursor..<inside.lowerBound, value: rest)) }
      found.append(Run(range: inside, value: runs[index].value))
      cursor = inside.upperBound
      index += 1
    }
    if cursor < range.upperBound { found.append(Run(range: cursor..<range.upperBound, value: rest)) }
    return found
  }
}

extension RunMap.Run: Sendable where Value: Sendable {}
extension RunMap: Sendable where Value: Sendable {}
