import CPmemBPF

/// An open file on persistent memory, as the kernel has it: however many descriptors and mappings share it, it is one.
struct OpenFile: Hashable {
  /// The kernel's address of it (struct file).
  var address: UInt64
  /// Of the inode behind it: of a block device the kernel's own, not the node's.
  var host: UInt64
  /// As ``DeviceTable/kernelNumbers`` has it.
  var device: UInt64
  var mode: UInt32

  init(_ user: CPmem_file_user) {
    address = user.file
    host = user.host
    device = user.device
    mode = user.mode
  }
}
