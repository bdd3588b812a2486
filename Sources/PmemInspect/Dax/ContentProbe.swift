import CBlkid
import CPmemShims
import Glibc
public import PmemDevice
import PmemMedia

/// Recognises content with libblkid, on any backend: the beginning and the end of the data are copied into a file in
/// memory of the same size, and that file is probed. No part of the device is held, nothing is written.
public final class ContentProbe: ContentInspector {
  private let backend: any DeviceBackend

  public init(_ backend: any DeviceBackend) { self.backend = backend }

  /// Every superblock that libblkid knows begins in these (its farthest is that of VMFS, at 2 MiB), but for those at
  /// the end: backups of GPT, md 0.90 and 1.0, DDF and the like, within the last MiB.
  private static let head: UInt64 = 4 << 20
  private static let tail: UInt64 = 1 << 20

  public func contents(of namespaces: [Namespace]) -> ContentReport {
    var report = ContentReport()
    for namespace in namespaces where !namespace.isSeed {
      do throws(DeviceError) {
        let found = try contents(of: namespace)
        if !found.isEmpty { report.contents[namespace.dev] = found }
      } catch {
        let text = "the content of \(namespace.title) cannot be read: \(error.summary)"
        if !namespace.isEnabled, namespace.holder != nil {
          report.unpresented.append(text)
        } else {
          report.unknown.append(text)
        }
      }
    }
    return report
  }

  private func contents(of namespace: Namespace) throws(DeviceError) -> [Content] {
    let sector = namespace.sectorSize ?? 512
    if namespace.isEnabled {
      return try backend.withContent(of: namespace) { source throws(DeviceError) in
        try Self.probe(source, sector: sector)
      }
    }
    return try backend.withRawMedia(of: namespace.dev, forWriting: false) { raw throws(DeviceError) in
      let identity = try NamespaceIdentity(raw, label: namespace.uuid)
      var found = try Self.probe(try identity.content(raw), sector: sector)
      // A namespace whose mode is not recorded may have been used below any.
      if identity.block != nil, found.isEmpty { found = try Self.probe(raw, sector: sector) }
      return found
    }
  }

  /// The content recognised in any bytes.
  ///
  /// - Parameters:
  ///   - source: The bytes; its first byte is that of the device.
  ///   - sector: Of that device, bytes.
  /// - Returns: Everything that libblkid knows.
  /// - Throws: The error of reading.
  public static func contents(in source: any ByteSource, sector: UInt64) throws(DeviceError) -> [Content] {
    try probe(source, sector: sector)
  }

  private static func probe(_ source: any ByteSource, sector: UInt64) throws(DeviceError) -> [Content] {
    let size = source.size
    guard size > 0 else { return [] }
    let begin = min(head, size)
    let end = min(tail, size - begin)
    let copy = CPmem_memory_file("pmemctl-content")
    guard copy >= 0 else { throw DeviceError(.failed, "there is no memory to inspect it", errno: -copy) }
    defer { close(copy) }
    guard ftruncate(copy, off_t(clamping: size)) == 0 else {
      throw DeviceError(.failed, "there is no memory to inspect it", errno: errno)
    }
    try put(source, 0..<begin, copy)
    try put(source, size - end..<size, copy)
    return signatures(copy, size: size, sector: sector)
  }

  /// In pieces that memory is reused for: 500 namespaces have 2.5 GiB to look at.
  private static func put(
    _ source: any ByteSource, _ range: Range<UInt64>, _ copy: Int32
  ) throws(DeviceError) {
    let piece: UInt64 = 256 << 10
    var offset = range.lowerBound
    while offset < range.upperBound {
      let count = min(piece, range.upperBound - offset)
      try put(try source.read(at: offset, count: Int(count)), at: offset, copy)
      offset += count
    }
  }

  private static func put(_ bytes: [UInt8], at offset: UInt64, _ descriptor: Int32) throws(DeviceError) {
    // Zeros are there already; a copy of them would cost memory.
    guard !bytes.isAllZeros else { return }
    let done = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
    guard done == bytes.count else {
      throw DeviceError(.failed, "there is no memory to inspect it", errno: errno)
    }
  }

  /// More signatures than this are unlikely, and a longer list helps no one.
  private static let limit = 16

  private static func signatures(_ descriptor: Int32, size: UInt64, sector: UInt64) -> [Content] {
    guard let probe = blkid_new_probe() else { return [] }
    defer { blkid_free_probe(probe) }
    guard blkid_probe_set_device(probe, descriptor, 0, blkid_loff_t(clamping: size)) == 0 else { return [] }
    _ = blkid_probe_set_sectorsize(probe, UInt32(clamping: BttLayout.sectorSize(of: sector)))
    blkid_probe_enable_superblocks(probe, 1)
    blkid_probe_set_superblocks_flags(
      probe,
      Int32(
        BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID | BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE | BLKID_SUBLKS_MAGIC))
    blkid_probe_enable_partitions(probe, 1)
    blkid_probe_set_partitions_flags(probe, Int32(BLKID_PARTS_MAGIC))
    var found: [Content] = []
    while found.count < limit, blkid_do_probe(probe) == 0 {
      let content: Content
      if let type = value(probe, "TYPE") {
        content = Content(
          usage: value(probe, "USAGE").map { "\($0)" } ?? "other", type: "\(type)",
          label: value(probe, "LABEL"),
          uuid: value(probe, "UUID").map { "\($0)" })
      } else if let type = value(probe, "PTTYPE") {
        content = Content(
          usage: "partition table", type: "\(type)", uuid: value(probe, "PTUUID").map { "\($0)" })
      } else {
        continue
      }
      if !found.contains(content) { found.append(content) }
    }
    return found
  }

  private static func value(_ probe: blkid_probe, _ name: String) -> RawText? {
    var data: UnsafePointer<CChar>?
    var length = 0
    guard blkid_probe_lookup_value(probe, name, &data, &length) == 0, let data, length > 1 else { return nil }
    return RawText(UnsafeRawBufferPointer(start: data, count: length).prefix { $0 != 0 })
  }
}

extension [UInt8] {
  /// Looks at words, which takes an eighth of the time of looking at bytes.
  fileprivate var isAllZeros: Bool {
    withUnsafeBytes { bytes in
      var offset = 0
      while offset + 8 <= bytes.count {
        guard bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) == 0 else { return false }
        offset += 8
      }
      return bytes[offset...].allSatisfy { $0 == 0 }
    }
  }
}
