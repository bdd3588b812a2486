import CPmemShims
import PmemDevice

/// The extents of files on the device of their filesystem (FS_IOC_FIEMAP). Each file is asked once, however often it is
/// mapped.
final class FileExtents {
  private struct Key: Hashable {
    let device: String
    let inode: UInt64
  }

  /// nil for a file whose filesystem does not report it.
  private var known: [Key: [FilePiece]?] = [:]

  /// Translates a range of a file.
  ///
  /// - Parameters:
  ///   - device: Of its filesystem.
  ///   - inode: Its number there.
  ///   - range: Of the file, bytes.
  ///   - file: Opens it; called only for a file that was not seen before.
  /// - Returns: On the device, in the order of the file; nil if the filesystem does not report it.
  func of(_ device: String, _ inode: UInt64, _ range: Range<UInt64>, file: () -> Int32) -> [Extent]? {
    let key = Key(device: device, inode: inode)
    let pieces: [FilePiece]?
    if let found = known[key] {
      pieces = found
    } else {
      pieces = Self.pieces(of: file())
      known[key] = .some(pieces)
    }
    return pieces.map { Self.slice($0, range) }
  }

  private static func slice(_ pieces: [FilePiece], _ range: Range<UInt64>) -> [Extent] {
    // The first that ends behind the range's beginning.
    var low = 0
    var high = pieces.count
    while low < high {
      let middle = (low + high) / 2
      if pieces[middle].logical + pieces[middle].extent.length <= range.lowerBound {
        low = middle + 1
      } else {
        high = middle
      }
    }
    var found: [Extent] = []
    for piece in pieces[low...] {
      guard piece.logical < range.upperBound else { break }
      let own = (piece.logical..<(piece.logical + piece.extent.length)).clamped(to: range)
      let extent = Extent(
        offset: piece.extent.offset + own.lowerBound - piece.logical,
        length: own.upperBound - own.lowerBound)
      if let last = found.last, last.offset + last.length == extent.offset {
        found[found.count - 1].length += extent.length
      } else {
        found.append(extent)
      }
    }
    return found
  }

  /// All pieces of an open file that have blocks on the device of its filesystem.
  ///
  /// - Returns: In the order of the file; nil if the filesystem does not report them.
  static func pieces(of file: Int32) -> [FilePiece]? {
    guard file >= 0 else { return nil }
    let room = 256
    var found: [FilePiece] = []
    var extents = [CPmem_extent](repeating: CPmem_extent(), count: room)
    var position: UInt64 = 0
    while true {
      let count = Int(CPmem_fiemap(file, position, UInt64(Int64.max) - position, &extents, UInt32(room)))
      guard count >= 0 else { return nil }
      for extent in extents.prefix(count) where extent.flags & CPmem_extent_unplaced == 0 {
        found.append(
          FilePiece(logical: extent.logical, extent: Extent(offset: extent.physical, length: extent.length)))
      }
      guard count == room, let last = extents.last, last.flags & CPmem_extent_last == 0 else { return found }
      position = last.logical + last.length
      guard position < UInt64(Int64.max) else { return found }
    }
  }
}
