import Glibc
import PmemDevice
import SystemPackage

/// The processes of this machine, as far as /proc shows them.
struct ProcessList {
  let roots: HostRoots
  /// Asks the kernel for a thread of each mount namespace; nil if it does not tell.
  var askingKernel: () -> [Int]? = { nil }

  init(roots: HostRoots) { self.roots = roots }

  var pids: [Int] {
    KernelFile.names(roots.proc).compactMap { Int($0) }.filter { !roots.unlisted.contains($0) }.sorted()
  }

  /// Threads, among them one of each mount namespace: of all processes their first ones, if the kernel does not tell.
  var mountNamespaces: [Int] { askingKernel() ?? pids }

  func directory(_ pid: Int) -> FilePath { roots.proc.appending("\(pid)") }

  func name(_ pid: Int) -> ProcessName {
    var bytes = KernelFile.read(directory(pid).appending("comm")) ?? []
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    return ProcessName(pid: pid, command: RawText(bytes))
  }

  /// How much of a process can be seen.
  enum Sight {
    /// In the directory of this thread.
    case shown(thread: Int)
    /// It may not be looked at.
    case hidden
    /// It has exited, or has no memory of its own.
    case gone
  }

  /// Reads the mappings of a process.
  ///
  /// A process whose first thread has ended still has its memory: another thread shows it. Every thread has a directory
  /// under /proc, also those that are not listed there.
  func maps(_ pid: Int, into bytes: inout [UInt8]) -> Sight {
    switch KernelFile.read(directory(pid).appending("maps"), into: &bytes) {
    case 0 where !bytes.isEmpty: return .shown(thread: pid)
    case 0:
      guard isZombie(pid) else { return .gone }
      for thread in threads(pid)
      where KernelFile.read(directory(thread).appending("maps"), into: &bytes) == 0 && !bytes.isEmpty {
        return .shown(thread: thread)
      }
      return .gone
    case EACCES, EPERM: return .hidden
    default: return .gone
    }
  }

  /// The threads of a process beside its first one.
  func threads(_ pid: Int) -> [Int] {
    KernelFile.names(directory(pid).appending("task")).compactMap { Int($0) }.filter { $0 != pid }.sorted()
  }

  func isZombie(_ pid: Int) -> Bool {
    guard let bytes = KernelFile.read(directory(pid).appending("stat")),
      let bracket = bytes.lastIndex(of: UInt8(ascii: ")"))
    else { return false }
    return bytes.dropFirst(bracket + 2).first == UInt8(ascii: "Z")
  }

  /// The process's own account of long-term pinned memory (VmPin); nil if there is none. VFIO counts elsewhere, and
  /// leaves device memory out.
  func pinnedBytes(_ pid: Int) -> UInt64? {
    guard let status = KernelFile.read(directory(pid).appending("status")) else { return nil }
    for line in status.split(separator: UInt8(ascii: "\n")) where line.starts(with: "VmPin:".utf8) {
      let digits = line.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      return UInt64(String(decoding: digits, as: UTF8.self)).flatMap { $0 > 0 ? $0 * 1024 : nil }
    }
    return nil
  }
}
