import CPmemBPF
import Glibc
import PmemDevice

/// Mappings by a BPF iterator: the kernel walks all of them and reports only those of persistent memory, with the
/// certain target of each: the device of a node, the file under an overlay, whether it is DAX.
struct IteratedMappings: MappingSource {
  private let devices: DeviceTable
  private let roots: HostRoots
  private let types: KernelTypeSource

  init(_ devices: DeviceTable, roots: HostRoots, types: KernelTypeSource) {
    self.types = types
    self.devices = devices
    self.roots = roots
  }

  /// include/linux/mm.h, include/linux/fs.h.
  private enum Flag {
    static let letters: [(bit: UInt64, letter: Character)] = [(1, "r"), (2, "w"), (4, "x")]
    static let mayBeShared: UInt64 = 0x80
    static let locked: UInt64 = 0x2000
    static let sync: UInt64 = 0x80_0000
    static let inodeDAX: UInt32 = 1 << 13
  }

  func find(pid: Int?) throws(Unavailable) -> FoundMappings {
    var found: [FoundMapping] = []
    // Every thread of a process whose first one has exited is reported (kernel/bpf/task_iter.c:task_seq_get_next).
    var threads: [UInt32: UInt32] = [:]
    let candidates = try FileUserIterator(devices, roots: roots, types: types).mappings(of: pid) { user in
      guard let target = devices.target(ofKernel: user.device, mode: user.mode) else { return }
      guard threads[user.process, default: user.thread] == user.thread else { return }
      threads[user.process] = user.thread
      guard pid == nil || pid == Int(user.process) else { return }
      let letters = Flag.letters.map { user.flags & $0.bit != 0 ? $0.letter : "-" }
      found.append(
        FoundMapping(
          pid: Int(user.process), thread: Int(user.thread), start: user.start, end: user.end,
          offset: user.offset &* 4096, inode: user.inode,
          permissions: String(letters) + (user.flags & Flag.mayBeShared != 0 ? "s" : "p"), target: target,
          command: FileUserIterator.command(user), space: user.memory,
          file: OpenFile(user), isDAX: user.inode_flags & Flag.inodeDAX != 0,
          isSync: user.flags & Flag.sync != 0, isLocked: user.flags & Flag.locked != 0))
    }
    found.sort { ($0.pid, $0.start) < ($1.pid, $1.start) }
    return FoundMappings(way: .bpf, mappings: found, candidates: candidates)
  }
}
