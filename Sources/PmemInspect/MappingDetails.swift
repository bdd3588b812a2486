import CPmemShims
import Glibc
import PmemDevice
import SystemPackage

/// What /proc tells of one mapping beside its line: the file behind it, where that lies, which pages are there.
struct MappingDetails {
  private let folder: FilePath

  init(_ folder: FilePath) { self.folder = folder }

  static func linkName(_ start: UInt64, _ end: UInt64) -> String {
    String(start, radix: 16) + "-" + String(end, radix: 16)
  }

  func complete(_ mapping: inout Mapping, daxAlign: UInt64?) {
    let link = folder.appending("map_files").appending(Self.linkName(mapping.start, mapping.end))
    // /proc/PID/maps escapes newlines, and nothing else: only the link tells them from backslashes.
    if let exact = KernelFile.link(link) { mapping.path = exact }
    if daxAlign != nil || mapping.isDAX == false {
      mapping.deviceRanges = [Extent(offset: mapping.offset, length: mapping.length)]
    } else {
      let file = open(link.string, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
      if file >= 0 {
        let isDAX = CPmem_is_dax(file)
        mapping.isDAX = isDAX < 0 ? nil : isDAX == 1
        mapping.deviceRanges = Self.extents(file, mapping.offset, mapping.length)
        close(file)
      }
    }
    mapping.populated = populated(mapping, daxAlign: daxAlign)
  }

  /// Where a range of a file is on its filesystem's device; nil where the filesystem does not tell.
  private static func extents(_ file: Int32, _ offset: UInt64, _ length: UInt64) -> [Extent]? {
    let room = 256
    var found: [Extent] = []
    var extents = [CPmem_extent](repeating: CPmem_extent(), count: room)
    var position = offset
    let end = offset + length
    while position < end {
      let count = Int(CPmem_fiemap(file, position, end - position, &extents, UInt32(room)))
      guard count >= 0 else { return nil }
      for extent in extents.prefix(count) where extent.flags & CPmem_extent_unplaced == 0 {
        let first = max(extent.logical, offset)
        let last = min(extent.logical + extent.length, end)
        guard first < last else { continue }
        let place = extent.physical + (first - extent.logical)
        if let previous = found.last, previous.offset + previous.length == place {
          found[found.count - 1].length += last - first
        } else {
          found.append(Extent(offset: place, length: last - first))
        }
      }
      guard count == room, let last = extents.last, last.flags & CPmem_extent_last == 0 else { break }
      position = last.logical + last.length
    }
    return found
  }

  // MARK: Pages

  /// The page table entries. A range mapped in 1 GiB pages is left alone: the kernel's walk would take such an entry
  /// apart (mm/pagewalk.c:walk_pud_range splits it).
  private func populated(_ mapping: Mapping, daxAlign: UInt64?) -> [Mapping.PopulatedPages]? {
    guard (daxAlign ?? 0) < 1 << 30 else { return nil }
    let pagemap = open(folder.appending("pagemap").string, O_RDONLY | O_CLOEXEC)
    guard pagemap >= 0 else { return nil }
    defer { close(pagemap) }
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
  private let folder: FilePath

  init(_ folder: FilePath) { self.folder = folder }

  /// Fills in what is known of each. Not read for a process that has 1 GiB pages, for the reason that
  /// ``MappingDetails`` gives.
  func complete(_ mappings: inout [Mapping]) {
    guard mappings.allSatisfy({ $0.populated != nil }), let bytes = KernelFile.read(folder.appending("smaps"))
    else { return }
    var places: [UInt64: Int] = [:]
    for (index, mapping) in mappings.enumerated() { places[mapping.start] = index }
    var current: Int?
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      if let start = Self.start(line) {
        current = places[start]
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
