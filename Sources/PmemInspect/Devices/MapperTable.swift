import CPmemShims
import Glibc
import PmemDevice

/// The table of a device mapper device, as far as it locates sectors: linear and striped targets.
struct MapperTable {
  private struct Target {
    var start: UInt64
    var length: UInt64
    /// Bytes of one stripe's piece; nil for a linear target.
    var chunk: UInt64?
    /// The devices and the offset on each, bytes.
    var parts: [(device: UInt64, offset: UInt64)]
  }

  private let targets: [Target]

  /// Asks the kernel (DM_TABLE_STATUS); nil if it is no such device or that is not permitted.
  init?(_ device: UInt64) {
    var text = [CChar](repeating: 0, count: 1 << 16)
    let length = CPmem_dm_table(
      DeviceTable.major(device), DeviceTable.minor(device), &text, UInt32(text.count))
    guard length > 0 else { return nil }
    let bytes = text[..<Int(length)].map { UInt8(bitPattern: $0) }
    self.init(parsing: String(decoding: bytes, as: UTF8.self))
  }

  /// Reads lines as `dmsetup table` prints them: `START LENGTH linear MAJOR:MINOR SECTOR`, or
  /// `START LENGTH striped COUNT CHUNK (MAJOR:MINOR SECTOR)...`, in sectors of 512 bytes.
  ///
  /// nil if there is any other target.
  ///
  /// - Parameter text: The lines.
  init?(parsing text: String) {
    var targets: [Target] = []
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count >= 5, let start = UInt64(words[0]), let length = UInt64(words[1]),
        start < 1 << 50, length < 1 << 50
      else { return nil }
      let isStriped = words[2] == "striped"
      guard isStriped || words[2] == "linear" else { return nil }
      let chunk = isStriped ? UInt64(words[4]) : nil
      let rest = words.dropFirst(isStriped ? 5 : 3)
      var parts: [(device: UInt64, offset: UInt64)] = []
      for index in stride(from: rest.startIndex, to: rest.endIndex - 1, by: 2) {
        guard let device = DeviceTable.number(String(rest[index])), let sector = UInt64(rest[index + 1]),
          sector < 1 << 50
        else { return nil }
        parts.append((device, sector * 512))
      }
      guard !parts.isEmpty, !isStriped || parts.count == Int(words[3]) && (chunk ?? 0) > 0 else {
        return nil
      }
      targets.append(
        Target(start: start * 512, length: length * 512, chunk: chunk.map { $0 * 512 }, parts: parts))
    }
    self.targets = targets
  }

  /// The start of each target here, and on the devices below it, bytes.
  var starts: [(begin: UInt64, start: UInt64, lower: UInt64)] {
    targets.flatMap { target in
      target.parts.map { (begin: target.start, start: $0.offset, lower: $0.device) }
    }
  }

  /// Translates a range to the devices below; nil if a part of it has no device.
  func pieces(of range: Extent) -> [(device: UInt64, extent: Extent)]? {
    var found: [(device: UInt64, extent: Extent)] = []
    var position = range.offset
    let end = range.offset + range.length
    while position < end {
      guard let target = targets.first(where: { $0.start <= position && position < $0.start + $0.length })
      else {
        return nil
      }
      let inside = position - target.start
      let limit = min(end - position, target.length - inside)
      let (index, offset, length): (Int, UInt64, UInt64)
      if let chunk = target.chunk {
        let number = inside / chunk
        let stripes = UInt64(target.parts.count)
        index = Int(number % stripes)
        offset = number / stripes * chunk + inside % chunk
        length = min(limit, chunk - inside % chunk)
      } else {
        (index, offset, length) = (0, inside, limit)
      }
      let start = target.parts[index].offset + offset
      if let last = found.last, last.device == target.parts[index].device,
        last.extent.offset + last.extent.length == start
      {
        found[found.count - 1].extent.length += length
      } else {
        found.append((target.parts[index].device, Extent(offset: start, length: length)))
      }
      position += length
    }
    return found
  }
}
