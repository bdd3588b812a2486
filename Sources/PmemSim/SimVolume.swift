/// What a filesystem or a mapping is on: a namespace's device, or a stacked one.
enum SimVolume: Hashable {
  case namespace(region: Int, id: Int)
  /// The N of `pmem0pN`.
  case partition(region: Int, id: Int, number: Int)
  /// The N of `dm-N`.
  case stack(Int)

  /// As the machine's files write it: `0.1`, `dm-0`.
  var word: String {
    switch self {
    case .namespace(let region, let id): "\(region).\(id)"
    case .partition(let region, let id, let number): "\(region).\(id)p\(number)"
    case .stack(let number): "dm-\(number)"
    }
  }

  init?(word: String) {
    if word.hasPrefix("dm-") {
      guard let number = Int(word.dropFirst(3)), number >= 0 else { return nil }
      self = .stack(number)
    } else {
      let parts = word.split(separator: "p", omittingEmptySubsequences: false)
      let numbers = parts[0].split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
      guard parts.count < 3, numbers.count == 2, let region = numbers[0], let id = numbers[1], region >= 0,
        id >= 0
      else { return nil }
      guard parts.count == 2 else {
        self = .namespace(region: region, id: id)
        return
      }
      guard let number = Int(parts[1]), number > 0 else { return nil }
      self = .partition(region: region, id: id, number: number)
    }
  }
}
