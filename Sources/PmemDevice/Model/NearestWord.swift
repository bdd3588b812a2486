/// The word that was most likely meant by one that is not known.
public enum NearestWord {
  /// The known word with the least distance to a word, if that is small: at most a third of its length, and 1 for up to
  /// five letters.
  ///
  /// - Parameters:
  ///   - word: The word that was typed; letter case is ignored. A word of more than 64 bytes matches nothing.
  ///   - known: The valid words; the first of equals wins.
  /// - Returns: nil if none is near.
  public static func of(_ word: String, among known: [String]) -> String? {
    let typed = Array(word.lowercased().utf8)
    guard !typed.isEmpty, typed.count <= 64 else { return nil }
    let ranked = known.map { (word: $0, distance: distance(typed, Array($0.utf8))) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= max(1, typed.count / 3) && best.distance < best.word.utf8.count
      ? best.word : nil
  }

  /// How many bytes are to be inserted, deleted, replaced or swapped with their neighbour.
  static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var previous: [Int] = []
    var row = Array(0...right.count)
    for line in left.indices {
      let above = row
      row[0] = line + 1
      for column in right.indices {
        var least = min(
          above[column] + (left[line] == right[column] ? 0 : 1), row[column] + 1, above[column + 1] + 1)
        if line > 0, column > 0, left[line] == right[column - 1], left[line - 1] == right[column] {
          least = min(least, previous[column - 1] + 1)
        }
        row[column + 1] = least
      }
      previous = above
    }
    return row[right.count]
  }
}
