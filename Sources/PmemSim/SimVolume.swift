/// What a filesystem or a mapping is on: a namespace's device, or a stacked one.
enum SimVolume: Hashable {
  case namespace(region: Int, id: Int)
  /// The N of `dm-N`.
  case stack(Int)

  /// As the machine's files write it: `0.1`, `dm-0`.
  var word: String {
    switch self {
    case .namespace(let region, let id): "\(region).\(id)"
    case .stack(let number): "dm-\(number)"
    }
  }

  init?(word: String) {
    if word.hasPrefix("dm-") {
      guard let number = Int(word.dropFirst(3)), number >= 0 else { return nil }
      self = .stack(number)
    } else {
      let numbers = word.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
      guard numbers.count == 2, let region = numbers[0], let id = numbers[1], region >= 0, id >= 0 else {
        return nil
      }
      self = .namespace(region: region, id: id)
    }
  }
}
