import CPmemShims
import Glibc
import PmemDevice
import SystemPackage

/// Mappings by PROCMAP_QUERY: the kernel skips what no file is behind, and writes no text.
struct QueriedMappings: MappingSource {
  private let processes: ProcessList
  private let isLive: Bool
  private var judge: FileClassifier
  private var vmas = [CPmem_vma](repeating: CPmem_vma(), count: 256)

  init(_ devices: DeviceTable, roots: HostRoots) {
    processes = ProcessList(roots: roots)
    isLive = roots.isLive
    judge = FileClassifier(devices, roots: roots)
  }

  mutating func find(pid: Int?) throws(Unavailable) -> FoundMappings {
    guard isLive else { throw Unavailable("these are recorded processes") }
    guard Self.isSupported else { throw Unavailable("this kernel has no PROCMAP_QUERY (6.11)") }
    var found: [FoundMapping] = []
    var hidden = 0
    for pid in pid.map({ [$0] }) ?? processes.pids {
      switch mappings(pid, pid, into: &found) {
      case .hidden: hidden += 1
      case .gone: break
      case .shown:
        if found.last?.pid == pid || !processes.isZombie(pid) { continue }
        for thread in processes.threads(pid) where found.last?.pid != pid {
          _ = mappings(pid, thread, into: &found)
        }
      }
    }
    return FoundMappings(way: .query, mappings: found, hidden: hidden)
  }

  private static var isSupported: Bool {
    let file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    var vma = CPmem_vma()
    return CPmem_mappings(file, 0, &vma, 1) >= 0
  }

  private mutating func mappings(
    _ pid: Int, _ thread: Int, into found: inout [FoundMapping]
  ) -> ProcessList.Sight {
    let directory = processes.directory(thread)
    let file = open(directory.appending("maps").string, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return errno == EACCES || errno == EPERM ? .hidden : .gone }
    defer { close(file) }
    var address: UInt64 = 0
    while true {
      let count = Int(CPmem_mappings(file, address, &vmas, UInt32(vmas.count)))
      guard count > 0, let last = vmas[..<count].last else { return .shown(thread: thread) }
      for vma in vmas[..<count] {
        let target = judge.target(
          of: MappedFile(device: vma.device, inode: vma.inode),
          link: {
            directory.appending("map_files").appending(MappingDetails.linkName(vma.start, vma.end))
          }, path: { Self.name(file, vma.start) ?? [] })
        guard let target else { continue }
        found.append(
          FoundMapping(
            pid: pid, thread: thread, start: vma.start, end: vma.end, offset: vma.offset, inode: vma.inode,
            permissions: Self.permissions(vma.flags), target: target, path: Self.name(file, vma.start)))
      }
      address = last.end
    }
  }

  private static func permissions(_ flags: UInt32) -> String {
    (flags & 1 != 0 ? "r" : "-") + (flags & 2 != 0 ? "w" : "-") + (flags & 4 != 0 ? "x" : "-")
      + (flags & 8 != 0 ? "s" : "p")
  }

  /// nil if the mapping is gone.
  private static func name(_ maps: Int32, _ address: UInt64) -> [UInt8]? {
    var text = [CChar](repeating: 0, count: 4096)
    let length = CPmem_mapping_name(maps, address, &text, UInt32(text.count))
    return length <= 0 ? nil : text[..<(Int(length) - 1)].map { UInt8(bitPattern: $0) }
  }
}
