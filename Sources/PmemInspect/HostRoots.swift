public import SystemPackage

/// Where the kernel tells of processes and devices. Tests put recorded trees there.
public struct HostRoots: Hashable, Sendable {
  public var proc: FilePath
  public var sys: FilePath

  public init(proc: FilePath = "/proc", sys: FilePath = "/sys") {
    self.proc = proc
    self.sys = sys
  }
}
