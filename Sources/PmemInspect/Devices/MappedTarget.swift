/// The target behind a file that is mapped or open.
enum MappedTarget: Hashable {
  case character(DeviceTable.Device)
  /// The page cache of a block device.
  case block(DeviceTable.Device)
  case file(DeviceTable.Device)

  /// Whether it is the device itself, not a file of a filesystem on it.
  var isNode: Bool { if case .file = self { false } else { true } }

  var device: DeviceTable.Device {
    switch self {
    case .character(let device), .block(let device), .file(let device): device
    }
  }
}
