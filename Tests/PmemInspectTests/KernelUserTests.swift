import PmemDevice
import PmemInspect
import Testing

/// Users inside the kernel, by what it shows of them.
@Suite struct KernelUserTests {
  private static let block = 0o060600

  /// The facts of nodes of the fake host's devices.
  private static let nodes = """
    /dev/pmem0\t6 10 \(259 << 8) \(block)
    /dev/pmem1\t6 11 \(259 << 8 | 2) \(block)
    /dev/sda\t6 12 \(8 << 8) \(block)

    """

  private func uses(_ host: FakeHost, _ kind: Usage.Kind) -> [String] {
    host.inspector(facts: Self.nodes).usage(host.inventory, of: host.inventory.namespaces).uses
      .filter { $0.kind == kind }.map { "\($0.namespace) \($0.path)" }
  }

  @Test func targetsOfNVMeAreFoundWhereTheyAreEnabled() throws {
    let host = try FakeHost()
    for (number, path, isEnabled) in [
      ("1", "/dev/pmem0", "1"), ("2", "/dev/pmem1", "0"), ("3", "/dev/sda", "1"),
    ] {
      let folder = "sys/kernel/config/nvmet/subsystems/pm/namespaces/\(number)"
      try host.file("\(folder)/device_path", path + "\n")
      try host.file("\(folder)/enable", isEnabled + "\n")
    }
    #expect(uses(host, .target) == ["namespace0.0 /dev/pmem0 by nvmet pm/1"])
  }

  @Test(arguments: ["iblock_0", "pscsi_3"]) func targetsOfSCSIAreFound(kind: String) throws {
    let host = try FakeHost()
    try host.file("sys/kernel/config/target/core/\(kind)/disk/udev_path", "/dev/pmem1\n")
    try host.file("sys/kernel/config/target/core/\(kind)/disk/enable", "1\n")
    try host.file("sys/kernel/config/target/core/alua/lu_gps/udev_path", "/dev/pmem0\n")
    #expect(uses(host, .target) == ["namespace1.0 /dev/pmem1 by LIO \(kind)/disk"])
  }

  @Test func theBackingDeviceOfZramIsFound() throws {
    let host = try FakeHost()
    try host.file("sys/block/zram0/backing_dev", "/dev/pmem0\n")
    try host.file("sys/block/zram1/backing_dev", "none\n")
    #expect(uses(host, .target) == ["namespace0.0 /dev/pmem0 by zram0"])
  }

  /// Every member of a filesystem counts, not only the one that its mount names.
  @Test func everyMemberOfBtrfsIsMounted() throws {
    let host = try FakeHost()
    try host.process(1, "init", maps: "")
    try host.file(
      "proc/1/mountinfo",
      "30 1 0:40 / /srv rw - btrfs /dev/pmem1 rw,space_cache\n31 1 0:41 / /other rw - btrfs /dev/sda rw\n")
    for name in ["pmem0", "pmem1"] { try host.file("sys/fs/btrfs/0b1f/devices/\(name)", "") }
    try host.file("sys/fs/btrfs/0b20/devices/sda", "")
    #expect(uses(host, .mount) == ["namespace0.0 /srv", "namespace1.0 /srv"])
    #expect(uses(host, .superblock) == [])
  }

  @Test func btrfsThatIsMountedNowhereIsFound() throws {
    let host = try FakeHost()
    try host.file("sys/fs/btrfs/0b1f/devices/pmem0", "")
    #expect(uses(host, .superblock) == ["namespace0.0 btrfs on /dev/pmem0"])
  }

  @Test(arguments: ["logdev", "rtdev"]) func aSecondDeviceOfXFSIsMounted(option: String) throws {
    let host = try FakeHost()
    try host.process(1, "init", maps: "")
    try host.file(
      "proc/1/mountinfo", "30 1 8:0 / /srv rw - xfs /dev/sda rw,\(option)=/dev/pmem1,noquota\n")
    #expect(uses(host, .mount) == ["namespace1.0 /srv"])
  }
}
