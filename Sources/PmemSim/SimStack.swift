import PmemDevice

/// A device-mapper device of linear targets, one behind the other.
struct SimStack: Hashable {
  /// The N of `dm-N`.
  var number: Int
  var name: String
  var pieces: [Piece]

  struct Piece: Hashable {
    var volume: SimVolume
    /// On that volume, bytes.
    var extent: Extent
  }

  /// How many stacks can be on each other, and how many devices can be under one: every walk is bounded by that.
  static let deepest = 16
  static let mostLeaves = 4096

  var size: UInt64 { pieces.reduce(0) { $0 + $1.extent.length } }
}
