import PmemDevice
import SystemPackage

/// Devices that the kernel serves to other hosts, or keeps swapped pages on, without a process that has them open: NVMe
/// over fabrics (drivers/nvme/target/configfs.c), SCSI (drivers/target/target_core_configfs.c), zram's backing device
/// (drivers/block/zram/zram_drv.c:backing_dev_show).
struct KernelTargets {
  private let roots: HostRoots
  private let devices: DeviceTable
  private let members: FilesystemMembers
  private let mounts: MountTable
  private let rules: KernelRules

  init(
    _ devices: DeviceTable, _ members: FilesystemMembers, _ mounts: MountTable, rules: KernelRules,
    roots: HostRoots
  ) {
    self.rules = rules
    self.devices = devices
    self.members = members
    self.mounts = mounts
    self.roots = roots
  }

  func add(to found: inout UserScanner.Found) {
    addNVMe(&found)
    addSCSI(&found)
    addZram(&found)
  }

  private var configuration: FilePath { roots.sys.appending("kernel/config") }

  private func addNVMe(_ found: inout UserScanner.Found) {
    let subsystems = configuration.appending("nvmet/subsystems")
    for subsystem in KernelFile.names(subsystems).sorted() {
      let directory = subsystems.appending(subsystem).appending("namespaces")
      for number in KernelFile.names(directory).sorted() {
        let own = directory.appending(number)
        guard KernelFile.line(own.appending("enable")) == "1",
          let path = KernelFile.line(own.appending("device_path"))
        else { continue }
        add(
          "nvmet \(subsystem)/\(number)", path,
          advice: "echo 0 > \(ShellWord(own.appending("enable").string))",
          &found)
      }
    }
  }

  private func addSCSI(_ found: inout UserScanner.Found) {
    let core = configuration.appending("target/core")
    for kind in KernelFile.names(core).sorted() {
      for object in KernelFile.names(core.appending(kind)).sorted() {
        let own = core.appending(kind).appending(object)
        guard KernelFile.line(own.appending("enable")) == "1" else { continue }
        let holder = "LIO \(kind)/\(object)"
        let advice = "targetcli /backstores/\(kind.prefix { $0 != "_" }) delete \(ShellWord(object))"
        let info = KernelFile.read(own.appending("info")).map { String(decoding: $0, as: UTF8.self) } ?? ""
        if let device = Self.number(info).flatMap({ devices.blocks[$0] }) {
          found.add(
            .target, device, RawText("/dev/\(device.name) by \(holder)"), effect: .errors, advice: advice)
        } else if let path = Self.file(info) ?? KernelFile.line(own.appending("udev_path")) {
          add(holder, path, advice: advice, &found)
        }
      }
    }
  }

  /// The device that the iblock backstore has open
  /// (drivers/target/target_core_iblock.c:iblock_show_configfs_dev_params); `udev_path` is any text that was written
  /// there.
  private static func number(_ info: String) -> UInt64? {
    let words = info.split(whereSeparator: \.isWhitespace)
    guard let index = words.firstIndex(of: "Major:"), words.count > index + 3, words[index + 2] == "Minor:",
      let major = UInt32(words[index + 1]), let minor = UInt32(words[index + 3]), major > 0
    else { return nil }
    return DeviceTable.device(major, minor)
  }

  /// The file that the fileio backstore has open (drivers/target/target_core_file.c:fd_show_configfs_dev_params), which
  /// needs no `udev_path`.
  private static func file(_ info: String) -> String? {
    guard let start = info.firstRange(of: "  File: "), let end = info.firstRange(of: "  Size: "),
      start.upperBound <= end.lowerBound
    else { return nil }
    return String(info[start.upperBound..<end.lowerBound])
  }

  private func addZram(_ found: inout UserScanner.Found) {
    let directory = roots.sys.appending("block")
    for name in KernelFile.names(directory).filter({ $0.hasPrefix("zram") }).sorted() {
      let path = KernelFile.line(directory.appending(name).appending("backing_dev"))
      guard let path, path != "none" else { continue }
      add(name, path, opens: rules.opensOfClaimedSwap, advice: "echo 1 > /sys/block/\(name)/reset", &found)
    }
  }

  private func add(
    _ holder: String, _ path: String, opens: Int = 1, advice: String, _ found: inout UserScanner.Found
  ) {
    let text = RawText("\(path) by \(holder)")
    guard path.hasPrefix("/dev/") else {
      // It keeps its filesystem mounted. That may not answer: it is found by its mount point alone.
      guard let line = mounts.line(containing: path) else { return }
      for device in members.devices(of: line) {
        found.add(.target, device, text, opens: 0, advice: advice)
      }
      return
    }
    guard let facts = roots.files.facts(path), let target = devices.target(ofNode: facts) else { return }
    found.add(.target, target.device, text, opens: opens, effect: .errors, advice: advice)
  }
}
