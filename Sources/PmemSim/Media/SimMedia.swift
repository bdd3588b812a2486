import PmemDevice
import SystemPackage

/// The persistent bytes of a simulated machine: one image a DIMM, one an e820 range.
///
/// A region's bytes lie on its DIMM, or in turns on each DIMM of its interleave set.
final class SimMedia {
  private let directory: FilePath
  /// Its regions change with those of CXL.
  var topology: SimTopology
  private let isWritable: Bool
  let power: PowerSupply
  private(set) var badBlocks: SimBadBlocks
  private(set) var health: HealthRecords
  private(set) var security: SecurityRecords
  private(set) var platform: PlatformRecords
  static let badBlocksName = "badblocks"
  static let healthName = "health"
  static let securityName = "security"
  static let platformName = "platform"

  init(
    _ directory: FilePath, topology: SimTopology, isWritable: Bool, power: PowerSupply = PowerSupply(),
    badBlocks: SimBadBlocks = SimBadBlocks(), health: HealthRecords = HealthRecords(),
    security: SecurityRecords = SecurityRecords(), platform: PlatformRecords = PlatformRecords()
  ) {
    self.badBlocks = badBlocks
    self.health = health
    self.security = security
    self.platform = platform
    self.power = power
    self.directory = directory
    self.topology = topology
    self.isWritable = isWritable
  }

  static func imageName(ofDimm index: Int) -> String { "nmem\(index).img" }
  static func imageName(ofE820 region: Int) -> String { "e820-region\(region).img" }
  /// QEMU wants the label area of a CXL device in a file of its own.
  static func labelName(ofCxl index: Int) -> String { "nmem\(index).labels" }

  /// The names of a machine's images.
  static func names(of topology: SimTopology) -> [String] {
    topology.dimms.indices.flatMap { index in
      [imageName(ofDimm: index)] + (topology.dimms[index].device == nil ? [] : [labelName(ofCxl: index)])
    } + topology.regions.indices.filter { topology.regions[$0].isE820 }.map(imageName(ofE820:))
  }

  /// Makes all images, empty and sparse.
  func create() throws(DeviceError) {
    for (index, dimm) in topology.dimms.enumerated() {
      let behind = dimm.device == nil ? dimm.labelArea : 0
      _ = try ImageFile(
        creating: directory.appending(Self.imageName(ofDimm: index)), size: dimm.size + behind)
      guard dimm.device != nil else { continue }
      _ = try ImageFile(creating: directory.appending(Self.labelName(ofCxl: index)), size: dimm.labelArea)
    }
    for (index, region) in topology.regions.enumerated() where region.isE820 {
      _ = try ImageFile(creating: directory.appending(Self.imageName(ofE820: index)), size: region.size)
    }
  }

  // MARK: Label areas

  func readLabels(dimm index: Int, at offset: Int, count: Int) throws(DeviceError) -> [UInt8] {
    let (image, start) = labels(ofDimm: index)
    return try open(image).read(at: start + UInt64(offset), count: count)
  }

  /// Writes and synchronizes: the next write comes after this one, whatever happens between.
  func writeLabels(dimm index: Int, _ bytes: [UInt8], at offset: Int) throws(DeviceError) {
    let (image, start) = labels(ofDimm: index)
    try write(bytes, to: image, at: start + UInt64(offset))
  }

  /// Where a label area is.
  private func labels(ofDimm index: Int) -> (image: String, start: UInt64) {
    topology.dimms[index].device == nil
      ? (Self.imageName(ofDimm: index), topology.dimms[index].size) : (Self.labelName(ofCxl: index), 0)
  }

  // MARK: Data

  func read(region index: Int, at offset: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
    // nvdimm/claim.c:nsio_rw_bytes; pmem.c:pmem_do_read.
    guard !badBlocks.overlaps(region: index, Extent(offset: offset, length: UInt64(count))) else {
      throw DeviceError(.failed, "there are bad blocks in region\(index) at \(offset)", errno: 5)
    }
    let pieces = pieces(region: index, at: offset, count: count)
    if pieces.count == 1 { return try open(pieces[0].image).read(at: pieces[0].offset, count: count) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    for piece in pieces {
      bytes += try open(piece.image).read(at: piece.offset, count: piece.count)
    }
    return bytes
  }

  func write(region index: Int, _ bytes: [UInt8], at offset: UInt64) throws(DeviceError) {
    var rest = bytes[...]
    for piece in pieces(region: index, at: offset, count: bytes.count) {
      try write(Array(rest.prefix(piece.count)), to: piece.image, at: piece.offset)
      rest = rest.dropFirst(piece.count)
    }
    // The driver clears what it writes over whole (pmem.c:pmem_do_write, claim.c:nsio_rw_bytes).
    try changeBadBlocks { $0.remove(region: index, Extent(offset: offset, length: UInt64(bytes.count))) }
  }

  // MARK: Bad blocks

  /// Changes what cannot be read.
  func changeBadBlocks(_ change: (inout SimBadBlocks) -> Void) throws(DeviceError) {
    if let changed = try kept(badBlocks, Self.badBlocksName, \.text, change) { badBlocks = changed }
  }

  /// Changes records, at once and durably.
  ///
  /// - Returns: The changed ones, which are on the disk if the machine may be written to; nil if nothing changed.
  private func kept<Records: Equatable>(
    _ records: Records, _ name: String, _ text: (Records) -> String, _ change: (inout Records) -> Void
  ) throws(DeviceError) -> Records? {
    var changed = records
    change(&changed)
    guard changed != records else { return nil }
    // What time or a power cycle changed is the same for all readers; whoever changes the machine next writes it down.
    guard isWritable else { return changed }
    guard !power.isOff else { throw power.failure }
    try TextFile.write(text(changed), to: directory.appending(name))
    return changed
  }

  // MARK: Health and security

  /// Changes what DIMMs report.
  func changeHealth(_ change: (inout HealthRecords) -> Void) throws(DeviceError) {
    if let changed = try kept(health, Self.healthName, \.text, change) { health = changed }
  }

  /// Changes passphrases or keys.
  func changeSecurity(_ change: (inout SecurityRecords) -> Void) throws(DeviceError) {
    if let changed = try kept(security, Self.securityName, \.text, change) { security = changed }
  }

  /// Changes what the platform can do, or the firmware of its DIMMs.
  func changePlatform(_ change: (inout PlatformRecords) -> Void) throws(DeviceError) {
    if let changed = try kept(platform, Self.platformName, \.text, change) { platform = changed }
  }

  /// A power cycle: staged firmware runs, injected health is forgotten.
  func cyclePower() throws(DeviceError) {
    try changePlatform { $0.cyclePower() }
    try changeHealth { $0.withdrawAll() }
  }

  /// Turns the data of a DIMM into those under another key: noise. A hole, which was never written, stays one.
  func scramble(dimm index: Int) throws(DeviceError) {
    guard !power.isOff else { throw power.failure }
    let image = try open(Self.imageName(ofDimm: index))
    try image.scramble(upTo: topology.dimms[index].size)
    try image.synchronize()
  }

  /// Makes a DIMM blank, its label area too.
  func overwrite(dimm index: Int) throws(DeviceError) {
    guard !power.isOff else { throw power.failure }
    for name in Set([Self.imageName(ofDimm: index), labels(ofDimm: index).image]).sorted() {
      let image = try open(name)
      try image.clear()
      try image.synchronize()
    }
  }

  private func write(_ bytes: [UInt8], to name: String, at offset: UInt64) throws(DeviceError) {
    let granted = power.grant(bytes.count)
    let image = try open(name)
    try image.write(Array(bytes.prefix(granted)), at: offset)
    try image.synchronize()
    guard granted == bytes.count else { throw power.failure }
  }

  private func open(_ name: String) throws(DeviceError) -> ImageFile {
    try ImageFile(directory.appending(name), writable: isWritable)
  }

  private func pieces(
    region index: Int, at offset: UInt64, count: Int
  ) -> [(image: String, offset: UInt64, count: Int)] {
    let region = topology.regions[index]
    guard !region.isE820 else { return [(Self.imageName(ofE820: index), offset, count)] }
    guard region.dimms.count > 1 else {
      return [(Self.imageName(ofDimm: region.dimms[0]), start(of: region, at: 0) + offset, count)]
    }
    var pieces: [(image: String, offset: UInt64, count: Int)] = []
    var position = offset
    let end = offset + UInt64(count)
    while position < end {
      let line = position / region.granularity
      let within = position % region.granularity
      let length = min(region.granularity - within, end - position)
      let member = Int(line % region.ways)
      pieces.append(
        (
          Self.imageName(ofDimm: region.dimms[member]),
          start(of: region, at: member) + line / region.ways * region.granularity + within, Int(length)
        ))
      position += length
    }
    return pieces
  }

  /// Where a region's part begins in the image of the DIMM at a position.
  private func start(of region: SimTopology.Region, at position: Int) -> UInt64 {
    region.offset(at: position) - topology.dimms[region.dimms[position]].start
  }
}

extension SimMedia {
  /// Makes a range read as zeros. A hole stays one, so that images stay sparse.
  func zero(region index: Int, at offset: UInt64, count: UInt64) throws(DeviceError) {
    let chunk: UInt64 = 1 << 20
    var done: UInt64 = 0
    while done < count {
      let length = Int(min(chunk, count - done))
      let part = Extent(offset: offset + done, length: UInt64(length))
      let isBad = badBlocks.overlaps(region: index, part)
      if try isBad ? true : read(region: index, at: part.offset, count: length).contains(where: { $0 != 0 }) {
        try write(region: index, [UInt8](repeating: 0, count: length), at: offset + done)
      }
      done += UInt64(length)
    }
  }
}
