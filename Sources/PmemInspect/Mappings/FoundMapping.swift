import PmemDevice

/// A mapping of persistent memory as one of the kernel's interfaces reports it.
struct FoundMapping {
  var pid: Int
  /// The thread whose directory under /proc shows the memory: the process itself, or another of its threads if its
  /// first one has exited.
  var thread: Int
  var start: UInt64
  var end: UInt64
  /// In the file, bytes.
  var offset: UInt64
  /// Its number on its filesystem.
  var inode: UInt64
  /// `rw-s`.
  var permissions: String
  var target: MappedTarget
  /// nil if only the link in map_files shows it.
  var path: [UInt8]?
  /// nil if it was not reported.
  var command: RawText?
  /// The kernel's address of the address space; nil unless BPF reports it.
  var space: UInt64?
  /// nil unless BPF reports it.
  var file: OpenFile?
  var isDAX: Bool?
  var isSync: Bool?
  var isLocked: Bool?
}

/// A way to find the mappings of persistent memory.
protocol MappingSource {
  /// - Parameter pid: Only this process's; nil for all.
  /// - Returns: The mappings.
  /// - Throws: Why this way cannot be had here.
  mutating func find(pid: Int?) throws(Unavailable) -> FoundMappings
}

/// The result of one method.
struct FoundMappings {
  var way: MappingInterface
  /// By process, then by address.
  var mappings: [FoundMapping]
  /// How many processes could not be looked at.
  var hidden = 0
  /// Whether each has its ``FoundMapping/file``.
  var hasFiles: Bool { way == .bpf }
  /// How many processes had to be looked at, the others having no mapping of persistent memory for certain; nil for all.
  var candidates: Int?
}
