import Glibc

/// The memory blocks of a DAX device in /sys/devices/system/memory, changed all or none
/// (Documentation/admin-guide/mm/memory-hotplug.rst).
struct MemoryBlockDirectory {
  /// Words of the file `state`.
  enum State: String {
    case offline
    case onlineMovable = "online_movable"
    case onlineKernel = "online_kernel"
  }

  /// Bytes of a block; nil if the kernel has no memory hotplug.
  static var blockSize: UInt64? { line("block_size_bytes").flatMap { UInt64($0, radix: 16) } }
  static var policy: String? { line("auto_online_blocks") }

  private static let directory = "/sys/devices/system/memory/"
  private let blocks: [String]

  /// - Parameter ranges: Physical addresses, the last byte included.
  init(ranges: [(start: UInt64, end: UInt64)]) {
    guard let size = Self.blockSize, size > 0 else {
      blocks = []
      return
    }
    blocks = ranges.flatMap { range -> [String] in
      let first = (range.start + size - 1) / size
      let end = (range.end + 1) / size
      guard first < end else { return [] }
      return (first..<end).map { "memory\($0)" }.filter { Self.line($0 + "/state") != nil }
    }
  }

  /// A block that the kernel would not change.
  struct Refusal {
    var block: String
    var errno: Int32
  }

  /// Sets all blocks to a state. If any refuses, the others are set back.
  ///
  /// - Returns: Those that refused; empty if all have the state.
  func set(_ state: State) -> [Refusal] {
    var refusals: [Refusal] = []
    var changed: [(block: String, before: String)] = []
    for block in blocks {
      let before = Self.line(block + "/state") ?? ""
      guard (before == "offline") != (state == .offline) else { continue }
      let zone = Self.line(block + "/valid_zones") ?? ""
      let status = Self.write(state.rawValue, to: block + "/state")
      guard status < 0 else {
        let old = state == .offline ? zone == "Movable" ? State.onlineMovable : .onlineKernel : .offline
        changed.append((block, old.rawValue))
        continue
      }
      refusals.append(Refusal(block: block, errno: -status))
    }
    guard !refusals.isEmpty else { return [] }
    for (block, before) in changed.reversed() { _ = Self.write(before, to: block + "/state") }
    return refusals
  }

  private static func line(_ name: String) -> String? { attribute(directory + name) }

  private static func write(_ text: String, to name: String) -> Int32 {
    setAttribute(directory + name, text)
  }
}
