import PmemDevice

/// Ranges of the media of a simulated machine that cannot be read, as the platform reports them (ACPI 6.5, 9.20.7.4,
/// Address Range Scrub). They belong to the hardware: a boot keeps them.
struct SimBadBlocks: Hashable {
  /// The platform's unit of errors.
  static let unit: UInt64 = 512

  /// By region; from its start, in whole units. Those that the kernel lists.
  private var ranges: [Int: ExtentSet] = [:]
  /// Those that cannot be read either, and that the kernel lists after the next scrub.
  private var latent: [Int: ExtentSet] = [:]
  /// Those that were injected, as the platform tells.
  private var injected: [Int: ExtentSet] = [:]

  func extents(ofRegion region: Int) -> [Extent] { ranges[region]?.extents ?? [] }

  func injected(ofRegion region: Int) -> [Extent] { injected[region]?.extents ?? [] }

  /// All that cannot be read.
  func unreadable(ofRegion region: Int) -> [Extent] {
    guard let hidden = latent[region] else { return extents(ofRegion: region) }
    var all = ranges[region] ?? ExtentSet()
    for extent in hidden.extents { all.insert(extent) }
    return all.extents
  }

  func overlaps(region: Int, _ extent: Extent) -> Bool {
    ranges[region]?.intersects(extent) ?? false || latent[region]?.intersects(extent) ?? false
  }

  /// Whether a scrub would find any.
  var hasLatent: Bool { !latent.isEmpty }

  // MARK: Changes

  /// Every unit that an extent touches is unreadable from now on, and called injected. Of silent ones only a scrub tells the
  /// kernel.
  mutating func inject(region: Int, _ extent: Extent, isSilent: Bool) {
    let whole = Self.whole(extent)
    injected[region, default: ExtentSet()].insert(whole)
    if isSilent { latent[region, default: ExtentSet()].insert(whole) } else { add(region: region, extent) }
  }

  /// What is bad there is no injection.
  mutating func callGenuine(region: Int, _ extent: Extent) { Self.remove(extent, &injected, region) }

  /// The units that an extent fills can be read again, if they were injected; the kernel lists those that it lists until
  /// they are cleared.
  mutating func withdraw(region: Int, _ extent: Extent) {
    Self.remove(extent, &injected, region)
    Self.remove(extent, &latent, region)
  }

  /// A scrub ends: the kernel lists all.
  mutating func reveal() {
    for (region, set) in latent { for extent in set.extents { add(region: region, extent) } }
    latent = [:]
  }

  private static func whole(_ extent: Extent) -> Extent {
    let start = extent.offset / unit * unit
    let end = (extent.end + unit - 1) / unit * unit
    return Extent(offset: start, length: end - start)
  }

  /// The units that an extent fills.
  private static func remove(_ extent: Extent, _ sets: inout [Int: ExtentSet], _ region: Int) {
    let first = (extent.offset + unit - 1) / unit * unit
    let last = extent.end / unit * unit
    guard last > first, sets[region] != nil else { return }
    sets[region]?.remove(Extent(offset: first, length: last - first))
    if sets[region]?.isEmpty ?? false { sets[region] = nil }
  }

  /// Every unit that an extent touches is bad from now on.
  mutating func add(region: Int, _ extent: Extent) {
    ranges[region, default: ExtentSet()].insert(Self.whole(extent))
  }

  /// The units that an extent fills are good again.
  mutating func remove(region: Int, _ extent: Extent) {
    Self.remove(extent, &ranges, region)
    withdraw(region: region, extent)
  }

  // MARK: The file

  private static let header = "pmemctl-badblocks 1"

  var text: String {
    let lines = Self.lines("bad", ranges) + Self.lines("latent", latent) + Self.lines("injected", injected)
    return RecordFile.text(header: Self.header, lines)
  }

  private static func lines(_ kind: String, _ sets: [Int: ExtentSet]) -> [RecordLine] {
    sets.sorted { $0.key < $1.key }.flatMap { region, set in
      set.extents.map { extent in
        var line = RecordLine(kind)
        line.add("region", region)
        line.add("offset", extent.offset)
        line.add("length", extent.length)
        return line
      }
    }
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
      guard ["bad", "latent", "injected"].contains(line.kind), regions.indices.contains(region),
        extent.length > 0,
        extent.offset <= regions[region].size, extent.length <= regions[region].size - extent.offset
      else {
        throw DeviceError(.corrupt, "\(file), line \(line.number): that is not a range of a region")
      }
      switch line.kind {
      case "latent": found.latent[region, default: ExtentSet()].insert(Self.whole(extent))
      case "injected": found.injected[region, default: ExtentSet()].insert(Self.whole(extent))
      default: found.add(region: region, extent)
      }
    }
    self = found
  }
}
