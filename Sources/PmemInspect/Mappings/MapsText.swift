import Glibc

/// A file as /proc/PID/maps shows it.
struct MappedFile: Hashable {
  /// As stat(2) numbers devices.
  var device: UInt64
  var inode: UInt64
}

/// A line of /proc/PID/maps.
struct MapsLine {
  var start: UInt64
  var end: UInt64
  /// Four bytes, `rw-s`.
  var permissions: [UInt8]
  var offset: UInt64
  var file: MappedFile
  /// Empty for anonymous memory. Newlines are written as `\012`.
  var path: [UInt8]
}

/// The text of /proc/PID/maps (fs/proc/task_mmu.c:show_map_vma).
struct MapsText {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Calls `body` with every line whose file is wanted. A line that is not as it should be is passed over.
  ///
  /// Hosts have millions of these lines and next to none is wanted: of the others only device and inode are read.
  ///
  /// - Parameters:
  ///   - isWanted: Called once for each run of lines with the same file, and again if it could not decide (nil); gets
  ///     the line to find out more.
  ///   - body: Gets the wanted lines in order.
  func forEach(where isWanted: (MappedFile, () -> MapsLine) -> Bool?, _ body: (MapsLine) -> Void) {
    bytes.withUnsafeBufferPointer { text in
      guard let base = text.baseAddress else { return }
      var last: (file: MappedFile, isWanted: Bool)?
      var start = 0
      while start < text.count {
        let found = memchr(base + start, Int32(UInt8(ascii: "\n")), text.count - start)
        let end = found.map { UnsafeRawPointer(base).distance(to: $0) } ?? text.count
        let line = UnsafeBufferPointer(rebasing: text[start..<end])
        start = end + 1
        guard let found = Self.file(line), found.file.inode != 0 else { continue }
        let parsed = { Self.line(line, found.file, path: found.end) }
        let isSame = last.map { $0.file == found.file } ?? false
        if !isSame { last = isWanted(found.file, parsed).map { (found.file, $0) } }
        guard last?.isWanted == true else { continue }
        let whole = parsed()
        if whole.end > whole.start { body(whole) }
      }
    }
  }

  /// The device and the inode, in the fourth and fifth word, and their end.
  private static func file(_ line: UnsafeBufferPointer<UInt8>) -> (file: MappedFile, end: Int)? {
    var cursor = MapsCursor(line)
    for _ in 0..<3 { cursor.skipWord() }
    let major = cursor.number(radix: 16)
    cursor.position += 1
    let minor = cursor.number(radix: 16)
    cursor.position += 1
    guard cursor.position < line.count else { return nil }
    let inode = cursor.number(radix: 10)
    let device = DeviceTable.device(UInt32(truncatingIfNeeded: major), UInt32(truncatingIfNeeded: minor))
    return (MappedFile(device: device, inode: inode), cursor.position)
  }

  private static func line(
    _ line: UnsafeBufferPointer<UInt8>, _ file: MappedFile, path pathOffset: Int
  ) -> MapsLine {
    var cursor = MapsCursor(line)
    let start = cursor.number(radix: 16)
    cursor.position += 1
    let end = cursor.number(radix: 16)
    cursor.position += 1
    let permissions = Array(line.dropFirst(cursor.position).prefix(4))
    cursor.skipWord()
    let offset = cursor.number(radix: 16)
    let path = line.dropFirst(pathOffset).drop { $0 == UInt8(ascii: " ") }
    return MapsLine(
      start: start, end: end, permissions: permissions, offset: offset, file: file, path: Array(path))
  }
}

private struct MapsCursor {
  private let text: UnsafeBufferPointer<UInt8>
  var position = 0

  init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

  /// To the beginning of the next word.
  mutating func skipWord() {
    while position < text.count, text[position] != UInt8(ascii: " ") { position += 1 }
    position += 1
  }

  mutating func number(radix: UInt64) -> UInt64 {
    var value: UInt64 = 0
    while position < text.count {
      let byte = text[position]
      let digit: UInt64
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt64(byte &- UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = UInt64(byte &- UInt8(ascii: "a")) &+ 10
      default: return value
      }
      guard digit < radix else { return value }
      value = value &* radix &+ digit
      position += 1
    }
    return value
  }
}
