import PmemDevice
import SystemPackage

/// The devices that a mounted filesystem is on: often more than the one whose number its mount has.
struct FilesystemMembers {
  private let roots: HostRoots
  private let devices: DeviceTable
  /// By UUID (fs/btrfs/sysfs.c: /sys/fs/btrfs/UUID/devices), those of persistent memory.
  let btrfs: [String: [DeviceTable.Device]]

  init(_ devices: DeviceTable, roots: HostRoots) {
    self.devices = devices
    self.roots = roots
    let directory = roots.sys.appending("fs/btrfs")
    var found: [String: [DeviceTable.Device]] = [:]
    for uuid in KernelFile.names(directory) {
      let names = Set(KernelFile.names(directory.appending(uuid).appending("devices")))
      let members = devices.blocks.values.filter { names.contains($0.name) }.sorted { $0.name < $1.name }
      if !members.isEmpty { found[uuid] = members }
    }
    btrfs = found
  }

  /// - Parameter line: Of a mount.
  /// - Returns: The devices of persistent memory under it, each once.
  func devices(of line: MountLine) -> [DeviceTable.Device] {
    var found = devices.blocks[line.device].map { [$0] } ?? []
    switch line.type {
    case "btrfs":
      // Its number is of no device; it names one of its members.
      let member = device(line.source.text)
      for members in btrfs.values where members.contains(where: { $0 == member }) { found += members }
      if let member { found.append(member) }
    case "xfs":
      // fs/xfs/xfs_super.c:xfs_fs_show_options.
      for option in line.options {
        for name in ["logdev=", "rtdev="] where option.text.hasPrefix(name) {
          if let device = device(String(option.text.dropFirst(name.count))) { found.append(device) }
        }
      }
    default: break
    }
    var seen: Set<String> = []
    return found.filter { seen.insert($0.name).inserted }
  }

  private func device(_ path: String) -> DeviceTable.Device? {
    // Of others it is a name on a network, or none.
    guard path.hasPrefix("/dev/") else { return nil }
    return roots.files.facts(path).flatMap(devices.target(ofNode:))?.device
  }
}
