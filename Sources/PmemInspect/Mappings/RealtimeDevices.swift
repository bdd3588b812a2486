import PmemDevice
import SystemPackage

/// The realtime devices of mounted XFS filesystems: the data of files with the realtime flag are there, not on the device
/// whose number they have (fs/xfs/xfs_inode.h:xfs_inode_buftarg).
final class RealtimeDevices {
  private let devices: DeviceTable
  private let processes: ProcessList
  /// By the name of the filesystem's device. Looked for when the first file is met.
  private lazy var found: [String: DeviceTable.Device] = {
    var found: [String: DeviceTable.Device] = [:]
    for line in MountTable(processes).lines where line.type == "xfs" {
      guard let device = devices.blocks[line.device],
        let option = line.options.first(where: { $0.text.hasPrefix("rtdev=") }),
        let facts = processes.roots.files.facts(String(option.text.dropFirst("rtdev=".count)))
      else { continue }
      found[device.name] = devices.target(ofNode: facts)?.device
    }
    return found
  }()

  init(_ devices: DeviceTable, _ processes: ProcessList) {
    self.devices = devices
    self.processes = processes
  }

  /// - Parameter device: Of a filesystem.
  /// - Returns: Its realtime device, if it has one of persistent memory.
  func device(beside device: DeviceTable.Device) -> DeviceTable.Device? {
    // fs/xfs/xfs_super.c:xfs_fs_fill_super: each has a directory. Mounts of others are not worth reading.
    isXFS.contains(device.name) ? found[device.name] : nil
  }

  private lazy var isXFS = Set(KernelFile.names(processes.roots.sys.appending("fs/xfs")))
}
