import Glibc
import PmemDevice
import SystemPackage

/// The processes of this machine, as far as /proc shows them.
struct ProcessList {
  let roots: HostRoots

  var pids: [Int] { KernelFile.names(roots.proc).compactMap { Int($0) }.sorted() }

  func folder(_ pid: Int) -> FilePath { roots.proc.appending("\(pid)") }

  func name(_ pid: Int) -> ProcessName {
    var bytes = KernelFile.read(folder(pid).appending("comm")) ?? []
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    return ProcessName(pid: pid, command: RawText(bytes))
  }

  /// Reads the mappings of a process.
  ///
  /// A process whose first thread has ended still has its memory: another thread shows it.
  ///
  /// - Returns: The folder that shows them, for more questions; nil where the process is gone or has no memory of
  ///   its own. `isHidden` where it may not be looked at.
  func maps(_ pid: Int, into bytes: inout [UInt8]) -> (folder: FilePath?, isHidden: Bool) {
    let own = folder(pid)
    switch KernelFile.read(own.appending("maps"), into: &bytes) {
    case 0 where !bytes.isEmpty: return (own, false)
    case 0:
      guard isZombie(own) else { return (nil, false) }
      for thread in KernelFile.names(own.appending("task")) where thread != "\(pid)" {
        let other = own.appending("task").appending(thread)
        if KernelFile.read(other.appending("maps"), into: &bytes) == 0, !bytes.isEmpty {
          return (other, false)
        }
      }
      return (nil, false)
    case EACCES, EPERM: return (nil, true)
    default: return (nil, false)
    }
  }

  private func isZombie(_ folder: FilePath) -> Bool {
    guard let bytes = KernelFile.read(folder.appending("stat")),
      let bracket = bytes.lastIndex(of: UInt8(ascii: ")"))
    else { return false }
    return bytes.dropFirst(bracket + 2).first == UInt8(ascii: "Z")
  }
}
