import PmemDevice

/// Ranges of the media of a simulated machine that cannot be read, as the platform reports them (ACPI 6.5, 9.20.7.4,
/// Address Range Scrub). They belong to the hardware: a boot keeps them.
struct SimBadBlocks: Hashable {
  /// The platform's unit of errors.
  static let unit: UInt64 = 512

  /// By region; from its start, in whole units.
  private var ranges: [Int: ExtentSet] = [:]

  var isEmpty: Bool { ranges.isEmpty }

  func extents(ofRegion region: Int) -> [Extent] { ranges[region]?.extents ?? [] }

  func overlaps(region: Int, _ extent: Extent) -> Bool { ranges[region]?.intersects(extent) ?? false }

  /// Every unit that an extent touches is bad from now on.
  mutating func add(region: Int, _ extent: Extent) {
    let start = extent.offset / Self.unit * Self.unit
    let end = (extent.end + Self.unit - 1) / Self.unit * Self.unit
    ranges[region, default: ExtentSet()].insert(Extent(offset: start, length: end - start))
  }

  /// The units that an extent fills are good again.
  mutating func remove(region: Int, _ extent: Extent) {
    let first = (extent.offset + Self.unit - 1) / Self.unit * Self.unit
    let last = extent.end / Self.unit * Self.unit
    guard last > first else { return }
    ranges[region]?.remove(Extent(offset: first, length: last - first))
    if ranges[region]?.isEmpty ?? false { ranges[region] = nil }
  }

  // MARK: The file

  private static let header = "pmemctl-badblocks 1"

  var text: String {
    let lines = ranges.sorted { $0.key < $1.key }.flatMap { region, set in
      set.extents.map { extent in
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

  /// Reads the file back.
  ///
  /// - Throws: `DeviceError.Code.corrupt` with file and line for a range that is not inside a region.
  init(parsing text: String, regions: [SimTopology.Region], file: String) throws(DeviceError) {
    var found = SimBadBlocks()
    try RecordFile.read(text, header: Self.header, file: file) { line throws(DeviceError) in
      let region = try line.integer("region", file: file, as: Int.self)
      let extent = Extent(
        offset: try line.integer("offset", in: RecordRange.bytes, file: file),
        length: try line.integer("length", in: RecordRange.bytes, file: file))
      guard line.kind == "bad", regions.indices.contains(region), extent.length > 0,
        extent.offset <= regions[region].size, extent.length <= regions[region].size - extent.offset
      else {
        throw DeviceError(.corrupt, "\(file), line \(line.number): that is not a range of a region")
      }
      found.add(region: region, extent)
    }
    self = found
  }
}
