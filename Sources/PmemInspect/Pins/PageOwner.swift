import PmemDevice
import SystemPackage

/// Finds the file that a page of a filesystem belongs to: from the page to its mapping, its inode, and the name in the
/// kernel's dentry cache.
struct PageOwner {
  private let memory: KernelMemory
  private let offsets: Offsets
  private let mounts: MountTable

  private struct Offsets {
    var host, number, superblock, device, names, alias, name, parent, hash, length, text: UInt64
  }

  init(_ memory: KernelMemory, _ types: KernelTypes, _ mounts: MountTable) throws(Unavailable) {
    func offset(_ structure: String, _ member: String) throws(Unavailable) -> UInt64 {
      guard let offset = types.offset(structure, member) else {
        throw Unavailable("this kernel has no \(structure).\(member)")
      }
      return UInt64(offset)
    }
    offsets = Offsets(
      host: try offset("address_space", "host"), number: try offset("inode", "i_ino"),
      superblock: try offset("inode", "i_sb"), device: try offset("super_block", "s_dev"),
      names: try offset("inode", "i_dentry"), alias: try offset("dentry", "d_u"),
      name: try offset("dentry", "d_name"), parent: try offset("dentry", "d_parent"),
      hash: try offset("dentry", "d_hash"), length: try offset("qstr", "len"),
      text: try offset("qstr", "name"))
    self.memory = memory
    self.mounts = mounts
  }

  /// Whose page it is.
  ///
  /// - Parameters:
  ///   - mapping: As the page has it: the kernel's address of an address_space, or of nothing. A page that several files
  ///     share (reflink) names none.
  ///   - index: Which page of the file.
  /// - Returns: nil if it is in no file, or in several.
  func file(_ mapping: UInt64, index: UInt64) -> PinnedFile? {
    guard mapping != 0, mapping & 3 == 0, let inode = memory.word(mapping + offsets.host),
      let number = memory.word(inode + offsets.number)
    else { return nil }
    return PinnedFile(path: path(inode), inode: number, offset: index &* 4096)
  }

  private func path(_ inode: UInt64) -> RawText? {
    guard let superblock = memory.word(inode + offsets.superblock),
      let number = memory.half(superblock + offsets.device),
      let alias = memory.word(inode + offsets.names), alias != 0
    else { return nil }
    let device = DeviceTable.device(number >> 20, number & 0xf_ffff)
    var names: [[UInt8]] = []
    let first = alias - offsets.alias
    var entry = first
    while names.count < 256, let parent = memory.word(entry + offsets.parent), parent != entry {
      guard let name = name(of: entry) else { return nil }
      names.append(name)
      entry = parent
    }
    var path: [UInt8] = names.isEmpty ? [UInt8(ascii: "/")] : []
    for name in names.reversed() { path += [UInt8(ascii: "/")] + name }
    // A name that was removed is in no hash chain (include/linux/dcache.h:d_unhashed).
    let isDeleted = memory.word(first + offsets.hash + 8) == 0
    return RawText(mounts.path(of: path, on: device) + (isDeleted ? Array(" (deleted)".utf8) : []))
  }

  private func name(of entry: UInt64) -> [UInt8]? {
    guard let length = memory.half(entry + offsets.name + offsets.length), length > 0, length < 256,
      let text = memory.word(entry + offsets.name + offsets.text)
    else { return nil }
    return memory.read(text, Int(length)) { Array($0) }
  }
}
