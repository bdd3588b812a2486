import CPmemShims
import Glibc
import PmemDevice
import SystemPackage

/// The details of one mapping that /proc shows beside its line: the file behind it, its extents, its present pages.
final class MappingDetails {
  private let directory: FilePath
  /// The directory of links to mapped files, with a slash.
  private let links: String
  private let devices: DeviceTable
  private let extents: FileExtents
  private let giants: () -> PUDMappings?
  /// Opened when the first page is asked for.
  private lazy var pagemap = open(directory.appending("pagemap").string, O_RDONLY | O_CLOEXEC)

  /// - Parameters:
  ///   - directory: The process's, in /proc.
  ///   - devices: Those of persistent memory.
  ///   - extents: The extents of files seen so far.
  ///   - giants: Reads tables with 1 GiB pages; used only if there are any.
  init(
    _ directory: FilePath, devices: DeviceTable, extents: FileExtents, giants: @escaping () -> PUDMappings?
  ) {
    self.giants = giants
    self.directory = directory
    links = directory.appending("map_files").string + "/"
    self.devices = devices
    self.extents = extents
  }

  deinit { if pagemap >= 0 { close(pagemap) } }

  static func linkName(_ start: UInt64, _ end: UInt64) -> String {
    String(start, radix: 16) + "-" + String(end, radix: 16)
  }

  private func link(_ start: UInt64, _ end: UInt64) -> String { links + Self.linkName(start, end) }

  /// The mapped object, by name: /proc/PID/maps escapes newlines, and nothing else, so that only the link in map_files
  /// tells them from backslashes.
  ///
  /// - Returns: nil if the mapping is gone.
  func path(_ found: FoundMapping) -> RawText? {
    if let exact = KernelFile.link(link(found.start, found.end)) { return exact }
    return found.path.map { RawText($0) }
      ?? (errno == ENOENT ? nil : RawText("/dev/\(found.target.device.name)"))
  }

  /// Whether the data of a mapped file are on the realtime device of its filesystem.
  func isRealtime(_ found: FoundMapping) -> Bool {
    let file = open(link(found.start, found.end), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
    guard file >= 0 else { return false }
    defer { close(file) }
    return CPmem_is_realtime(file) == 1
  }

  /// Fills in its range on the device, and its present pages.
  func complete(_ mapping: inout Mapping, _ found: FoundMapping) {
    if case .file = found.target {
      var file: Int32 = -1
      func opened() -> Int32 {
        if file < 0 {
          file = open(link(found.start, found.end), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        }
        return file
      }
      if mapping.isDAX == nil {
        let isDAX = CPmem_is_dax(opened())
        mapping.isDAX = isDAX < 0 ? nil : isDAX == 1
      }
      mapping.deviceRanges = extents.of(
        mapping.device, found.inode, mapping.offset..<(mapping.offset + mapping.length), file: opened)
      if file >= 0 { close(file) }
    } else {
      mapping.deviceRanges = [Extent(offset: mapping.offset, length: mapping.length)]
    }
    mapping.namespaceRanges = mapping.deviceRanges.flatMap { devices.namespaceRanges(mapping.device, $0) }
    if found.target.device.daxAlign ?? 0 < 1 << 30 {
      mapping.populated = populated(mapping, daxAlign: found.target.device.daxAlign)
    } else if let space = found.space {
      mapping.populated = giants()?.populated(space, mapping.start..<mapping.end).map { bytes in
        bytes == 0 ? [] : [.init(pageSize: 1 << 30, bytes: bytes)]
      }
    }
  }

  // MARK: Pages

  /// The page table entries, but for those of 1 GiB: see ``PUDMappings``.
  private func populated(_ mapping: Mapping, daxAlign: UInt64?) -> [Mapping.PopulatedPages]? {
    guard pagemap >= 0 else { return nil }
    var population = CPmem_population()
    let status = CPmem_pagemap_scan(pagemap, mapping.start, mapping.end, &population)
    if status == ENOTTY || status == EINVAL {
      guard let read = Self.read(pagemap, mapping) else { return nil }
      population = read
    } else if status != 0 {
      return nil
    }
    // A DAX device faults in pages of its alignment only (drivers/dax/device.c:dev_dax_huge_fault).
    if let daxAlign {
      let bytes = population.small_bytes + population.huge_bytes
      return bytes == 0 ? [] : [.init(pageSize: daxAlign, bytes: bytes)]
    }
    return [
      Mapping.PopulatedPages(pageSize: 4096, bytes: population.small_bytes),
      Mapping.PopulatedPages(pageSize: 2 << 20, bytes: population.huge_bytes),
    ].filter { $0.bytes > 0 }
  }

  /// Before PAGEMAP_SCAN: the entries themselves. Until 6.14 the bit for files is set for a huge entry of DAX, and
  /// not for a small one, which has no page that the walk would look at (fs/proc/task_mmu.c:pagemap_pmd_range).
  private static func read(_ pagemap: Int32, _ mapping: Mapping) -> CPmem_population? {
    let present: UInt64 = 1 << 63
    let isFile: UInt64 = 1 << 61
    var population = CPmem_population()
    var entries = [UInt64](repeating: 0, count: 1 << 15)
    var address = mapping.start
    while address < mapping.end {
      let wanted = min(entries.count, Int((mapping.end - address) / 4096))
      let got = entries.withUnsafeMutableBytes { buffer in
        pread(pagemap, buffer.baseAddress, wanted * 8, off_t(address / 4096 * 8))
      }
      guard got > 0 else { return got == 0 ? population : nil }
      for entry in entries.prefix(got / 8) where entry & present != 0 {
        if mapping.isDAX == true, entry & isFile != 0 {
          population.huge_bytes += 4096
        } else {
          population.small_bytes += 4096
        }
      }
      address += UInt64(got / 8) * 4096
    }
    return population
  }
}

/// The flags of mappings, which only /proc/PID/smaps shows.
struct MappingFlags {
  private let directory: FilePath

  init(_ directory: FilePath) { self.directory = directory }

  /// Fills in what is known of each.
  func complete(_ mappings: inout [Mapping]) {
    guard let bytes = KernelFile.read(directory.appending("smaps")) else { return }
    var indices: [UInt64: Int] = [:]
    for (index, mapping) in mappings.enumerated() { indices[mapping.start] = index }
    var current: Int?
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      if let start = Self.start(line) {
        current = indices[start]
      } else if let index = current, line.starts(with: "VmFlags:".utf8) {
        let flags = line.dropFirst(8).split(separator: UInt8(ascii: " ")).map {
          String(decoding: $0, as: UTF8.self)
        }
        mappings[index].isSync = flags.contains("sf")
        mappings[index].isLocked = flags.contains("lo")
      }
    }
  }

  /// The address that a mapping's first line begins with; nil for the lines below it.
  private static func start(_ line: ArraySlice<UInt8>) -> UInt64? {
    guard let first = line.first, first < UInt8(ascii: "A") || first >= UInt8(ascii: "a"),
      let dash = line.firstIndex(of: UInt8(ascii: "-"))
    else { return nil }
    return UInt64(String(decoding: line[..<dash], as: UTF8.self), radix: 16)
  }
}
