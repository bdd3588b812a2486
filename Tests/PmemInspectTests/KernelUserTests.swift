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
      let directory = "sys/kernel/config/nvmet/subsystems/pm/namespaces/\(number)"
      try host.file("\(directory)/device_path", path + "\n")
      try host.file("\(directory)/enable", isEnabled + "\n")
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

  /// `udev_path` is any text; the number is what the kernel has open.
  @Test func whatIblockServesIsFoundByItsNumber() throws {
    let host = try FakeHost()
    let own = "sys/kernel/config/target/core/iblock_0/disk"
    try host.file("\(own)/udev_path", "/dev/sda\n")
    try host.file("\(own)/enable", "1\n")
    try host.file(
      "\(own)/info",
      "Status: ACTIVATED  Max Queue Depth: 0  SectorSize: 512  HwMaxSectors: 256\n"
        + "        iBlock device: pmem1  UDEV PATH: /dev/sda  readonly: 0\n"
        + "        Major: 259 Minor: 2  CLAIMED: IBLOCK\n")
    #expect(uses(host, .target) == ["namespace1.0 /dev/pmem1 by LIO iblock_0/disk"])
  }

  /// What serves a file keeps the filesystem of the file mounted. `udev_path` is not needed.
  @Test(arguments: [
    ("/dev/pmem1", "namespace1.0 /dev/pmem1"), ("/srv/a b.img", "namespace0.0 /srv/a b.img"),
    ("/srv2/a", nil), ("/srv/sub/a", nil),
  ])
  func whatFileioServesIsFound(path: String, expected: String?) throws {
    let host = try FakeHost()
    try host.process(1, "init", maps: "")
    try host.file(
      "proc/1/mountinfo",
      "1 0 8:0 / / rw - ext4 /dev/sda rw\n30 1 259:0 / /srv rw - ext4 /dev/pmem0 rw\n"
        + "31 30 8:1 / /srv/sub rw - ext4 /dev/sda1 rw\n")
    let own = "sys/kernel/config/target/core/fileio_0/disk"
    try host.file("\(own)/enable", "1\n")
    try host.file(
      "\(own)/info",
      "Status: ACTIVATED  Max Queue Depth: 128  SectorSize: 512  HwMaxSectors: 16384\n"
        + "        TCM FILEIO ID: 0        File: \(path)  Size: 67108864  Mode: O_DSYNC Async: 0\n")
    let nvme = "sys/kernel/config/nvmet/subsystems/pm/namespaces/1"
    try host.file("\(nvme)/device_path", path + "\n")
    try host.file("\(nvme)/enable", "1\n")
    let expected = expected.map { ["\($0) by nvmet pm/1", "\($0) by LIO fileio_0/disk"] }
    #expect(uses(host, .target) == expected ?? [])
  }

  /// A holder is told how to let go; what bcache makes is not held by bcache.
  @Test func holdersAreToldHowToLetGo() throws {
    let host = try FakeHost()
    for holder in ["bcache0", "md127", "dm-9"] {
      try host.file("sys/class/block/pmem0/holders/\(holder)", "")
      try host.file("sys/class/block/\(holder)/dev", "252:\(holder.utf8.count)\n")
    }
    try host.file("sys/class/block/bcache0/bcache/label", "")
    let found = host.inspector(facts: Self.nodes).usage(host.inventory, of: host.inventory.namespaces).uses
    let own = found.filter { $0.kind == .holder && $0.namespace == "namespace0.0" }
      .map { "\($0.path): \($0.advice)" }
    #expect(own.contains("/dev/pmem0 by bcache0: stop it: echo 1 > /sys/block/bcache0/bcache/stop"))
    #expect(own.contains("/dev/pmem0 by md127: mdadm --stop /dev/md127"))
    #expect(own.contains { $0.hasPrefix("/dev/pmem0 by dm-9") && $0.hasSuffix("lsblk /dev/pmem0") })
    #expect(!own.contains { $0.hasPrefix("/dev/bcache0") })
  }

  /// Ten thousand mounts of it are found one by one, not each among all others.
  @Test(.timeLimit(.minutes(1))) func tenThousandMountsAreFound() throws {
    let host = try FakeHost()
    try host.process(1, "init", maps: "")
    let lines = (0..<10_000).map { "\($0 + 10) 1 259:0 / /mnt/\($0) rw - ext4 /dev/pmem0 rw\n" }
    try host.file("proc/1/mountinfo", lines.joined())
    #expect(uses(host, .mount).count == 10_000)
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

  /// A superblock that nothing known refers to is kept by something unseen; one with an open file is not.
  @Test func aSuperblockThatNothingExplainsIsUnseen() throws {
    let host = try FakeHost()
    for name in ["pmem0", "pmem1"] { try host.file("sys/fs/ext4/\(name)/features", "") }
    let own = "sys/kernel/config/target/core/fileio_0/disk"
    try host.file("\(own)/enable", "1\n")
    try host.file("\(own)/info", "TCM FILEIO ID: 0        File: /dev/pmem1  Size: 4096  Mode: O_DSYNC\n")
    #expect(
      uses(host, .superblock) == ["namespace0.0 ext4 on /dev/pmem0", "namespace1.0 ext4 on /dev/pmem1"])
    #expect(uses(host, .unseen) == ["namespace0.0 ext4 on /dev/pmem0", "namespace1.0 ext4 on /dev/pmem1"])
  }

  /// A thread's directory keeps a filesystem mounted as an open file does; that of the whole system keeps nothing.
  @Test func directoriesOfProcessesAreUses() throws {
    let host = try FakeHost()
    for (pid, name) in [(1, "init"), (7, "worker")] { try host.process(pid, name, maps: "") }
    try host.link("proc/7/cwd", "/srv/data")
    try host.link("proc/7/root", "/")
    try host.link("proc/1/cwd", "/")
    let facts =
      Self.nodes + "/proc/7/cwd\t\(259 << 8) 12 0 \(0o040755)\n"
      + "/proc/7/root\t\(259 << 8) 2 0 \(0o040755)\n/proc/1/cwd\t\(259 << 8) 2 0 \(0o040755)\n"
    let found = host.inspector(facts: facts).usage(host.inventory, of: host.inventory.namespaces).uses
    #expect(
      found.filter { $0.kind == .open }.map { "\($0.path) \($0.process?.pid ?? 0) \($0.effect)" } == [
        "/srv/data 7 refused"
      ])
  }

  /// Users of a device are found by its number: without that a device may be in use.
  @Test(arguments: [
    ("sys/class/block/pmem1", "namespace1.0"), ("sys/bus/dax/devices/dax2.0", "namespace2.0"),
  ])
  func aDeviceWithoutANumberMayBeInUse(path: String, namespace: String) throws {
    let host = try FakeHost()
    #expect(
      host.inspector.usage(host.inventory, of: host.inventory.namespaces).missing.allSatisfy {
        !$0.reason.contains("number")
      })
    try host.remove(path)
    let missing = host.inspector.usage(host.inventory, of: host.inventory.namespaces).missing
    let own = missing.filter { $0.reason.contains("number") }
    #expect(own.map(\.part) == [.opens] && own.map(\.namespaces) == [[namespace]])
    #expect(own.allSatisfy { $0.isDecisive && $0.remedy != nil })
    let others = host.inventory.namespaces.filter { $0.dev != namespace }
    #expect(
      host.inspector.usage(host.inventory, of: others).missing.allSatisfy { !$0.reason.contains("number") })
    #expect(try host.inspector.mappings(host.inventory, pid: nil).missing.map(\.namespaces) == [[namespace]])
    #expect(host.inspector.unseen(host.inventory).contains { $0.namespaces == [namespace] })
  }

  /// Memory that was lent to the kernel may be online if its blocks cannot be seen.
  @Test func memoryWithoutBlocksMayBeOnline() throws {
    let host = try FakeHost()
    var namespace = host.inventory.namespaces[2]
    namespace.daxRegion?.devices[0].mode = .systemRAM
    func missing() -> [Unseen] {
      host.inspector.usage(host.inventory, of: [namespace]).missing.filter { $0.part == .memory }
    }
    #expect(missing().map(\.namespaces) == [["namespace2.0"]] && missing().allSatisfy(\.isDecisive))
    try host.file("sys/devices/system/memory/block_size_bytes", "8000000\n")
    #expect(missing() == [])
  }

  @Test(arguments: ["logdev", "rtdev"]) func aSecondDeviceOfXFSIsMounted(option: String) throws {
    let host = try FakeHost()
    try host.process(1, "init", maps: "")
    try host.file(
      "proc/1/mountinfo", "30 1 8:0 / /srv rw - xfs /dev/sda rw,\(option)=/dev/pmem1,noquota\n")
    #expect(uses(host, .mount) == ["namespace1.0 /srv"])
  }
}
