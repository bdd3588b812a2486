import CPmemBPF
import Glibc
import PmemDevice
import SystemPackage

/// The kernel's iterators over the mappings and descriptors of all processes, held to the devices of a table.
struct FileUserIterator {
  private let keys: [UInt64]
  private let roots: HostRoots
  private let types: KernelTypeSource

  static let structures = [
    "task_struct", "vm_area_struct", "file", "address_space", "inode", "super_block", "fs_struct", "dentry",
    "nsproxy",
  ]
  static let functions = ["bpf_iter_task_vma", "bpf_iter_task_file"]

  /// - Parameters:
  ///   - devices: Whose files are asked about; nil to ask about tasks alone.
  ///   - roots: Of the host.
  ///   - types: Of its kernel.
  init(_ devices: DeviceTable?, roots: HostRoots, types: KernelTypeSource) {
    keys = devices?.kernelNumbers ?? []
    self.roots = roots
    self.types = types
  }

  /// Calls `body` with every mapping of a file on the devices, in order of processes, then of addresses.
  ///
  /// - Parameters:
  ///   - pid: The only process to report; kernels before 6.1 report others too.
  ///   - body: Gets each.
  /// - Returns: The number of processes that were inspected, if the others could be skipped.
  /// - Throws: Why that cannot be had here.
  func mappings(of pid: Int?, _ body: (CPmem_file_user) -> Void) throws(Unavailable) -> Int? {
    try requireFirstNamespace()
    var layout = try layout()
    let candidates = if let pid { [UInt32(clamping: pid)] } else { try candidates(&layout) }
    if candidates?.isEmpty == true { return 0 }
    let program = try types.programs.load(.mappings, keys) {
      CPmem_load_mappings(&layout, keys, UInt32(keys.count))
    }
    for process in candidates ?? [0] { try Self.each(program, of: process, body) }
    return candidates?.count
  }

  /// Calls `body` with every descriptor.
  func descriptors(_ body: (CPmem_file_user) -> Void) throws(Unavailable) {
    try requireFirstNamespace()
    try eachDescriptor(of: 0, body)
  }

  /// Calls `body` with every working directory and root directory of a thread on filesystems on the devices.
  func directories(_ body: (CPmem_file_user) -> Void) throws(Unavailable) {
    try requireFirstNamespace()
    var layout = try layout()
    let program = try types.programs.load(.directories, keys) {
      CPmem_load_directories(&layout, keys, UInt32(keys.count))
    }
    try Self.each(program, of: 0, body)
  }

  /// Calls `body` with every descriptor of this process.
  func ownDescriptors(_ body: (CPmem_file_user) -> Void) throws(Unavailable) {
    // Kernels before 6.1 give those of others, too.
    let isNumbered = ProcessView(roots: roots).isFirstNamespace
    try eachDescriptor(of: UInt32(getpid())) { user in
      if !isNumbered || user.process == UInt32(getpid()) { body(user) }
    }
  }

  /// Calls `body` with the files that any process has on the devices, each perhaps more than once: in a PID namespace with
  /// those of its processes, by their numbers outside.
  func files(_ body: (CPmem_file_user) -> Void) throws(Unavailable) {
    try eachDescriptor(of: 0, body)
    var layout = try layout()
    let program = try types.programs.load(.mappings, keys) {
      CPmem_load_mappings(&layout, keys, UInt32(keys.count))
    }
    try Self.each(program, of: 0, body)
  }

  private func eachDescriptor(of process: UInt32, _ body: (CPmem_file_user) -> Void) throws(Unavailable) {
    var layout = try layout()
    let program = try types.programs.load(.descriptors, keys) {
      CPmem_load_descriptors(&layout, keys, UInt32(keys.count))
    }
    try Self.each(program, of: process, body)
  }

  /// The processes that may have mappings of the devices, in order; nil if this kernel does not support the program.
  private func candidates(_ layout: inout CPmem_file_layout) throws(Unavailable) -> [UInt32]? {
    guard var tree = MappingTree.layout(try types.types()) else { return nil }
    let program = try? types.programs.load(.candidates, keys) {
      CPmem_load_candidates(&layout, &tree, keys, UInt32(keys.count))
    }
    guard let program else { return nil }
    var found: Set<UInt32> = []
    try Self.each(program, of: 0) { (process: UInt32) in found.insert(process) }
    return found.sorted()
  }

  // MARK: Tasks

  /// One thread of each mount namespace that a thread lives in, in their order: the namespace of a thread may be its own.
  func mountNamespaces() throws(Unavailable) -> [Int] {
    try requireFirstNamespace()
    var layout = try layout()
    // Each run has to begin with a map in which nothing was seen.
    let program = try Self.loaded(CPmem_load_mount_namespaces(&layout))
    defer { close(program) }
    var found: [Int] = []
    try Self.each(program, of: 0) { (thread: UInt32) in found.append(Int(thread)) }
    return found
  }

  /// The processes with a descriptor through which a device may reach their memory, in order.
  func ringHolders() throws(Unavailable) -> [Int] {
    try requireFirstNamespace()
    var layout = try layout()
    let program = try Self.loaded(CPmem_load_ring_holders(&layout))
    defer { close(program) }
    var found: Set<Int> = []
    try Self.each(program, of: 0) { (process: UInt32) in found.insert(Int(process)) }
    return found.sorted()
  }

  private static func loaded(_ program: Int32) throws(Unavailable) -> Int32 {
    guard program >= 0 else { throw .refused(-program) }
    return program
  }

  /// Runs a program, on one process if that is not 0, and calls `body` with each record that it writes.
  private static func each<Record>(
    _ program: Int32, of process: UInt32, _ body: (Record) -> Void
  ) throws(Unavailable) {
    let iterator = try loaded(CPmem_iterate(program, process))
    defer { close(iterator) }
    let stride = MemoryLayout<Record>.size
    var pending: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let got = read(iterator, &buffer, buffer.count)
      // A million uninteresting mappings in a row (kernel/bpf/bpf_iter.c:bpf_seq_read).
      if got < 0, errno == EAGAIN || errno == EINTR { continue }
      guard got >= 0 else { throw .refused(errno) }
      guard got > 0 else { return }
      pending += buffer[..<got]
      let whole = pending.count / stride
      pending.withUnsafeBytes { bytes in
        for index in 0..<whole {
          body(bytes.loadUnaligned(fromByteOffset: index * stride, as: Record.self))
        }
      }
      pending.removeFirst(whole * stride)
    }
  }

  static func command(_ user: CPmem_file_user) -> RawText {
    withUnsafeBytes(of: user.command) { RawText($0.prefix { $0 != 0 }) }
  }

  /// Numbers of processes are those of the first namespace: in another they say nothing.
  private func requireFirstNamespace() throws(Unavailable) {
    guard !roots.isLive || ProcessView(roots: roots).isFirstNamespace else {
      throw Unavailable("this is a PID namespace with process ids of its own")
    }
  }

  private func layout() throws(Unavailable) -> CPmem_file_layout {
    guard roots.isLive else { throw Unavailable("these are recorded processes") }
    let types = try types.types()
    var missing: String?
    func offset(_ structure: String, _ member: String) -> UInt32 {
      guard let offset = types.offset(structure, member) else {
        missing = "\(structure).\(member)"
        return 0
      }
      return UInt32(offset)
    }
    var layout = CPmem_file_layout(
      mappings_function: types.function("bpf_iter_task_vma") ?? 0,
      descriptors_function: types.function("bpf_iter_task_file") ?? 0,
      task_process: offset("task_struct", "tgid"), task_thread: offset("task_struct", "pid"),
      task_memory: offset("task_struct", "mm"), task_command: offset("task_struct", "comm"),
      vma_start: offset("vm_area_struct", "vm_start"), vma_end: offset("vm_area_struct", "vm_end"),
      vma_flags: offset("vm_area_struct", "vm_flags"), vma_offset: offset("vm_area_struct", "vm_pgoff"),
      vma_file: offset("vm_area_struct", "vm_file"), file_mapping: offset("file", "f_mapping"),
      mapping_host: offset("address_space", "host"), inode_flags: offset("inode", "i_flags"),
      inode_mode: offset("inode", "i_mode"), inode_device: offset("inode", "i_rdev"),
      inode_number: offset("inode", "i_ino"), inode_superblock: offset("inode", "i_sb"),
      superblock_device: offset("super_block", "s_dev"), tasks_function: 0, task_directories: 0,
      working_directory: 0, root_directory: 0, dentry_inode: 0, dentry_superblock: 0, task_namespaces: 0,
      namespaces_mounts: 0, file_inode: 0, superblock_magic: 0)
    if let missing { throw Unavailable("this kernel has no \(missing)") }
    guard layout.mappings_function != 0, layout.descriptors_function != 0 else {
      throw Unavailable("this kernel has no iterators over tasks")
    }
    Self.addDirectories(to: &layout, types)
    Self.addTasks(to: &layout, types)
    return layout
  }

  /// Adds the offsets that tell mount namespaces and files without a name apart, if this kernel describes them.
  private static func addTasks(to layout: inout CPmem_file_layout, _ types: KernelTypes) {
    if let namespaces = types.offset("task_struct", "nsproxy"),
      let mounts = types.offset("nsproxy", "mnt_ns")
    {
      layout.task_namespaces = UInt32(namespaces)
      layout.namespaces_mounts = UInt32(mounts)
    }
    if let inode = types.offset("file", "f_inode"), let magic = types.offset("super_block", "s_magic") {
      layout.file_inode = UInt32(inode)
      layout.superblock_magic = UInt32(magic)
    }
  }

  /// The offsets of the directories of threads (include/linux/fs_struct.h), if this kernel describes them.
  private static func addDirectories(to layout: inout CPmem_file_layout, _ types: KernelTypes) {
    guard let function = types.function("bpf_iter_task"), let own = types.offset("task_struct", "fs"),
      let working = types.offset("fs_struct", "pwd", "dentry"),
      let root = types.offset("fs_struct", "root", "dentry"), let inode = types.offset("dentry", "d_inode"),
      let superblock = types.offset("dentry", "d_sb")
    else { return }
    layout.tasks_function = function
    layout.task_directories = UInt32(own)
    layout.working_directory = UInt32(working)
    layout.root_directory = UInt32(root)
    layout.dentry_inode = UInt32(inode)
    layout.dentry_superblock = UInt32(superblock)
  }
}
