import PmemDevice
import SystemPackage

/// What the kernel serves to other hosts, or keeps swapped pages on, without a process that has it open: NVMe over fabrics
/// (drivers/nvme/target/configfs.c), SCSI (drivers/target/target_core_configfs.c), zram's backing device
/// (drivers/block/zram/zram_drv.c:backing_dev_show).
struct KernelTargets {
  private let roots: HostRoots
  private let devices: DeviceTable

  init(_ devices: DeviceTable, roots: HostRoots) {
    self.devices = devices
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
      let folder = subsystems.appending(subsystem).appending("namespaces")
      for number in KernelFile.names(folder).sorted() {
        let own = folder.appending(number)
        guard KernelFile.line(own.appending("enable")) == "1",
          let path = KernelFile.line(own.appending("device_path"))
        else { continue }
        add(
          "nvmet \(subsystem)/\(number)", path,
          advice: "echo 0 > /sys/kernel/config/nvmet/subsystems/\(subsystem)/namespaces/\(number)/enable",
          &found)
      }
    }
  }

  private func addSCSI(_ found: inout UserScanner.Found) {
    let core = configuration.appending("target/core")
    for kind in KernelFile.names(core).filter({ name in
      ["iblock_", "fileio_", "pscsi_"].contains { name.hasPrefix($0) }
    }).sorted() {
      for object in KernelFile.names(core.appending(kind)).sorted() {
        let own = core.appending(kind).appending(object)
        guard KernelFile.line(own.appending("enable")) == "1",
          let path = KernelFile.line(own.appending("udev_path"))
        else { continue }
        add(
          "LIO \(kind)/\(object)", path, advice: "targetcli /backstores delete \(object)", &found)
      }
    }
  }

  private func addZram(_ found: inout UserScanner.Found) {
    let folder = roots.sys.appending("block")
    for name in KernelFile.names(folder).filter({ $0.hasPrefix("zram") }).sorted() {
      let path = KernelFile.line(folder.appending(name).appending("backing_dev"))
      guard let path, path != "none" else { continue }
      add(name, path, opens: 2, advice: "echo 1 > /sys/block/\(name)/reset", &found)
    }
  }

  private func add(
    _ holder: String, _ path: String, opens: Int = 1, advice: String, _ found: inout UserScanner.Found
  ) {
    // A file keeps its filesystem mounted, and may be on one that does not answer.
    guard path.hasPrefix("/dev/"), let facts = roots.files.facts(path),
      let target = devices.target(ofNode: facts)
    else { return }
    found.add(
      .target, target.device, RawText("\(path) by \(holder)"), opens: opens, effect: .errors, advice: advice)
  }
}
