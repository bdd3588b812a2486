/// The volume of a filesystem or a mapping: a namespace's device, a part of it, or a stacked one.
public enum Volume: Hashable, Sendable {
  case device(DeviceID)
  /// The N of `pmem0pN`.
  case partition(DeviceID, number: Int)
  /// The N of `dm-N`.
  case stack(Int)

  /// As the machine's files write it: `0.1`, `0.1p2`, `dm-0`.
  package var word: String {
    switch self {
    case .device(let device): "\(device.region).\(device.namespace)"
    case .partition(let device, let number): "\(device.region).\(device.namespace)p\(number)"
    case .stack(let number): "dm-\(number)"
    }
  }

  package init?(word: String) {
    if word.hasPrefix("dm-") {
      guard let number = Int(word.dropFirst(3)), number >= 0 else { return nil }
      self = .stack(number)
    } else {
      let parts = word.split(separator: "p", omittingEmptySubsequences: false)
      let numbers = parts[0].split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
      guard parts.count < 3, numbers.count == 2, let region = numbers[0], let id = numbers[1], region >= 0,
        id >= 0
      else { return nil }
      let device = DeviceID(region: region, namespace: id)
      guard parts.count == 2 else {
        self = .device(device)
        return
      }
      guard let number = Int(parts[1]), number > 0 else { return nil }
      self = .partition(device, number: number)
    }
  }
}
