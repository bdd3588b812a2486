import PmemDevice

/// Ranges of the media of a simulated machine that cannot be read, as the platform tells of them (ACPI 6.5, 9.20.7.4,
/// Address Range Scrub). They are the hardware's: a boot does not forget them.
struct SimBadBlocks: Hashable {
  /// What the platform counts in.
  static let unit: UInt64 = 512

  /// By region; from its start, in whole units, sorted, apart from each other.
  private(set) var extents: [Int: [Extent]] = [:]

  var isEmpty: Bool { extents.isEmpty }

  func overlaps(region: Int, _ extent: Extent) -> Bool {
    extents[region]?.contains { $0.overlaps(extent) } ?? false
  }

  /// Every unit that an extent touches is bad from now on.
  mutating func add(region: Int, _ extent: Extent) {
    let start = extent.offset / Self.unit * Self.unit
    var whole = Extent(offset: start, length: (extent.end + Self.unit - 1) / Self.unit * Self.unit - start)
    var kept: [Extent] = []
    for old in extents[region] ?? [] {
      guard old.offset <= whole.end, whole.offset <= old.end else {
        kept.append(old)
        continue
      }
      let first = min(old.offset, whole.offset)
      whole = Extent(offset: first, length: max(old.end, whole.end) - first)
    }
    extents[region] = (kept + [whole]).sorted { $0.offset < $1.offset }
  }

  /// The units that an extent fills are good again.
  mutating func remove(region: Int, _ extent: Extent) {
    guard let old = extents[region] else { return }
    let first = (extent.offset + Self.unit - 1) / Self.unit * Self.unit
    let last = extent.end / Self.unit * Self.unit
    guard last > first else { return }
    let left = old.flatMap { $0.subtracting(Extent(offset: first, length: last - first)) }
    extents[region] = left.isEmpty ? nil : left
  }

  // MARK: The file

  private static let header = "pmemctl-badblocks 1"

  var text: String {
    let lines = extents.sorted { $0.key < $1.key }.flatMap { region, extents in
      extents.map { extent in
        var line = RecordLine("bad")
        line.add("region", region)
        line.add("offset", extent.offset)
        line.add("length", extent.length)
        return line
      }
    }
    return RecordFile.text(header: Self.header, lines)
  }

  init() {}

  init(parsing text: String, regions: [SimTopology.Region], file: String) throws(DeviceError) {
    for line in try RecordFile(text, header: Self.header, file: file).lines {
      let region = try line.integer("region", file: file, as: Int.self)
      let extent = Extent(
        offset: try line.integer("offset", file: file), length: try line.integer("length", file: file))
      guard line.kind == "bad", regions.indices.contains(region), extent.offset <= regions[region].size,
        extent.length <= regions[region].size - extent.offset
      else {
        throw DeviceError(.corrupt, "\(file), line \(line.number): that is no range of a region")
      }
      add(region: region, extent)
    }
  }
}
