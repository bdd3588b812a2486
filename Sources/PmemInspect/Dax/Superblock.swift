import CBlkid
import Glibc
import PmemDevice

/// The on-disk superblock of a filesystem, mounted or not, as far as it decides about DAX.
struct Superblock: Hashable {
  var type: String
  /// Bytes; nil if unknown for this type.
  var blockSize: UInt64?
  var features: Set<DaxLayer.Filesystem.Feature> = []

  /// The superblocks that are looked at are within this many bytes.
  private static let head = 4096

  /// - Parameter descriptor: Of a block device, open for reading.
  /// - Returns: nil if there is no filesystem.
  static func read(_ descriptor: Int32) -> Superblock? {
    var bytes = [UInt8](repeating: 0, count: head)
    guard pread(descriptor, &bytes, head, 0) == head else { return nil }
    return ext4(bytes) ?? xfs(bytes) ?? other(descriptor)
  }

  /// fs/ext4/ext4.h:struct ext4_super_block, at byte 1024; little-endian.
  private static func ext4(_ bytes: [UInt8]) -> Superblock? {
    func word(_ offset: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(bytes[1024 + offset + $1]) << UInt32(8 * $1) }
    }
    guard word(56) & 0xffff == 0xef53 else { return nil }
    let (compatible, incompatible, readOnly) = (word(92), word(96), word(100))
    // Without a journal and extents it is what ext2 made.
    let hasJournal = compatible & 0x4 != 0
    let isExt4 = incompatible & (0x40 | 0x80 | 0x200) != 0 || readOnly & 0x8 != 0
    var found = Superblock(type: isExt4 ? "ext4" : hasJournal ? "ext3" : "ext2")
    found.blockSize = word(24) < 7 ? 1024 << UInt64(word(24)) : nil
    if incompatible & 0x8000 != 0 { found.features.insert(.inlineData) }
    if incompatible & 0x1_0000 != 0 { found.features.insert(.encryption) }
    if readOnly & 0x8000 != 0 { found.features.insert(.verity) }
    // s_default_mount_opts: EXT4_DEFM_JMODE.
    if hasJournal, word(256) & 0x60 == 0x20 { found.features.insert(.dataJournal) }
    return found
  }

  /// fs/xfs/libxfs/xfs_format.h:struct xfs_dsb; big-endian.
  private static func xfs(_ bytes: [UInt8]) -> Superblock? {
    func word(_ offset: Int) -> UInt32 { (0..<4).reduce(0) { $0 << 8 | UInt32(bytes[offset + $1]) } }
    guard bytes.starts(with: "XFSB".utf8) else { return nil }
    var found = Superblock(type: "xfs", blockSize: UInt64(word(4)))
    // XFS_SB_VERSION_5 alone has features that older kernels mount read-only.
    if word(100) & 0xf == 5, word(212) & 0x4 != 0 { found.features.insert(.reflink) }
    return found
  }

  private static func other(_ descriptor: Int32) -> Superblock? {
    guard let probe = blkid_new_probe() else { return nil }
    defer { blkid_free_probe(probe) }
    guard blkid_probe_set_device(probe, descriptor, 0, 0) == 0 else { return nil }
    blkid_probe_enable_superblocks(probe, 1)
    blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE)
    guard blkid_do_safeprobe(probe) == 0 else { return nil }
    func value(_ name: String) -> String? {
      var text: UnsafePointer<CChar>?
      guard blkid_probe_lookup_value(probe, name, &text, nil) == 0, let text else { return nil }
      return String(cString: text)
    }
    guard value("USAGE") == "filesystem", let type = value("TYPE") else { return nil }
    return Superblock(type: type)
  }
}
