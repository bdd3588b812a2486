import PmemDevice

/// The root filesystem of this process.
public enum RootFilesystem {
  /// Types that are served by another machine, or by a process, over a device that has to thaw before them.
  private static let served: Set<String> = [
    "9p", "virtiofs", "nfs", "nfs4", "cifs", "smb3", "ceph", "afs", "fuse",
  ]

  /// Its type, if it may not come back from a freeze of all devices: virtio-9p cannot be frozen at all, a network may take
  /// too long. nil if it is on a disk, or in memory.
  public static var volatileType: String? {
    let lines = MountTable(ofThisProcess: HostRoots()).lines
    guard let root = lines.last(where: { $0.mountPoint.text == "/" }) else { return nil }
    if isServed(root.type) { return root.type }
    // Its layers are mounted somewhere, if they can be seen.
    guard root.type == "overlay" else { return nil }
    return lines.first { isServed($0.type) }.map { "overlay, perhaps on \($0.type)" }
  }

  private static func isServed(_ type: String) -> Bool {
    served.contains(String(type.prefix { $0 != "." }))
  }
}
