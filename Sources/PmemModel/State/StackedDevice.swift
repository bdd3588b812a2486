package import PmemDevice

/// A device-mapper device of linear targets, one behind the other.
package struct StackedDevice: Hashable, Sendable {
  /// The N of `dm-N`.
  package var number: Int
  package var name: String
  package var pieces: [Piece]

  package init(number: Int, name: String, pieces: [Piece]) {
    self.number = number
    self.name = name
    self.pieces = pieces
  }

  package struct Piece: Hashable, Sendable {
    package var volume: Volume
    /// On that volume, bytes.
    package var extent: Extent

    package init(volume: Volume, extent: Extent) {
      self.volume = volume
      self.extent = extent
    }
  }

  /// How many stacks can be on each other, and how many devices can be under one: every walk is bounded by that.
  package static let deepest = 16
  package static let mostLeaves = 4096

  package var size: UInt64 { pieces.reduce(0) { $0 + $1.extent.length } }
}
