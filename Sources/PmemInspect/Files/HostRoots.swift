public import SystemPackage

/// The roots of the kernel's reports on processes and devices. Tests use recorded trees.
public struct HostRoots: Sendable {
  public var proc: FilePath
  public var sys: FilePath
  let files: any FileFactSource
  /// Whether this is the running kernel, which can be asked in other ways too.
  let isLive: Bool
  /// Directories of threads that a recording has beside those of processes: /proc has them, and does not list them.
  let unlisted: Set<Int>

  /// This host.
  public init() {
    proc = "/proc"
    sys = "/sys"
    files = HostFiles()
    isLive = true
    unlisted = []
  }

  /// A tree that was made or recorded, with `proc` and `sys` in it.
  ///
  /// - Parameters:
  ///   - tree: Its path.
  ///   - facts: The answers of stat(2), a line each: `PATH`, a tab, then device, inode, special device and mode in
  ///     decimal. nil: names are looked up on this host.
  ///   - unlisted: Threads that have a directory in `proc`, and are no processes.
  public init(tree: FilePath, facts: String? = nil, unlisted: Set<Int> = []) {
    proc = tree.appending("proc")
    sys = tree.appending("sys")
    files = facts.map { RecordedFiles($0, root: tree) } ?? HostFiles()
    isLive = false
    self.unlisted = unlisted
  }
}
