import PmemDevice
import SystemPackage

/// Finds what of the kernel's own has persistent memory: mounts, filesystems, swap, what is stacked on it, what serves it
/// to other hosts.
struct UserScanner {
  private let roots: HostRoots
  private let devices: DeviceTable
  private let processes: ProcessList
  private let rules: KernelRules

  init(_ devices: DeviceTable, rules: KernelRules, roots: HostRoots, types: KernelTypeSource) {
    self.rules = rules
    self.devices = devices
    self.roots = roots
    processes = ProcessList(roots: roots, types: types)
  }

  /// The users found.
  struct Found {
    var uses: [Usage] = []
    /// How often the kernel has a device open for them, by the device's name.
    var opens: [String: Int] = [:]
    /// Index of the users found, which may be ten thousand mounts.
    private var added: Set<Added> = []

    private struct Added: Hashable {
      var kind: Usage.Kind
      /// Of a device or a namespace: no device is called as a namespace is.
      var name: String
      var path: RawText?
    }

    /// - Parameters:
    ///   - kind: Of the use.
    ///   - device: That is used.
    ///   - path: The used part of it.
    ///   - count: How often the kernel has it open for that.
    ///   - effect: Of disabling it.
    ///   - advice: The remedy.
    mutating func add(
      _ kind: Usage.Kind, _ device: DeviceTable.Device, _ path: RawText, opens count: Int = 1,
      effect: Usage.Effect = .refused, advice: String
    ) {
      opens[device.name, default: 0] += count
      added.insert(Added(kind: kind, name: device.name))
      added.insert(Added(kind: kind, name: device.name, path: path))
      // A filesystem on two partitions is one use of their namespace.
      for namespace in device.namespaces
      where added.insert(Added(kind: kind, name: namespace, path: path)).inserted {
        uses.append(Usage(kind: kind, namespace: namespace, path: path, effect: effect, advice: advice))
      }
    }

    /// Whether something was added for a device; of a path, if one is given.
    func contains(_ kind: Usage.Kind, _ device: DeviceTable.Device, _ path: RawText? = nil) -> Bool {
      added.contains(Added(kind: kind, name: device.name, path: path))
    }
  }

  func scan() -> Found {
    var found = Found()
    let members = FilesystemMembers(devices, roots: roots)
    let mounts = MountTable(processes)
    addMounts(mounts, members, &found)
    addSwaps(&found)
    addHolders(&found)
    addLoops(&found)
    KernelTargets(devices, members, mounts, rules: rules, roots: roots).add(to: &found)
    addSuperblocks(members, &found)
    return found
  }

  // MARK: Mounts

  /// In every mount namespace that has a process.
  private func addMounts(_ mounts: MountTable, _ members: FilesystemMembers, _ found: inout Found) {
    for line in mounts.lines {
      let advice =
        line.isFirstSpace
        ? "umount \(ShellWord(line.mountPoint.text))"
        : "unmount it in the mount namespace of process \(line.pid)"
      for device in members.devices(of: line) where !found.contains(.mount, device, line.mountPoint) {
        // However often it is mounted, the filesystem has its device open once.
        found.add(
          .mount, device, line.mountPoint, opens: found.opens[device.name] == nil ? 1 : 0, advice: advice)
      }
    }
  }

  /// Filesystems that live on although no namespace has them mounted.
  private func addSuperblocks(_ members: FilesystemMembers, _ found: inout Found) {
    for type in ["ext4", "xfs", "f2fs", "erofs"] {
      for name in KernelFile.names(roots.sys.appending("fs").appending(type)).sorted() {
        guard let device = devices.blocks.values.first(where: { $0.name == name }) else { continue }
        addSuperblock(type, device, &found)
      }
    }
    for device in members.btrfs.values.flatMap(\.self) {
      addSuperblock("btrfs", device, &found)
    }
  }

  /// Filesystems that have a device as their journal, or as one of several, which nothing else shows.
  ///
  /// - Parameters:
  ///   - filesystems: As ``OpenCounter/filesystems(_:)``.
  ///   - found: Gets a use for each mount of them.
  func addClaims(_ filesystems: [DeviceTable.Device: UInt64], _ found: inout Found) {
    let mounts = MountTable(processes)
    for (device, number) in filesystems.sorted(by: { $0.key.name < $1.key.name }) {
      let lines = mounts.lines.filter { $0.device == number }
      for line in lines where !found.contains(.mount, device, line.mountPoint) {
        found.add(
          .mount, device, line.mountPoint, opens: found.contains(.mount, device) ? 0 : 1,
          advice: "umount \(ShellWord(line.mountPoint.text))")
      }
      guard lines.isEmpty else { continue }
      let other = "\(DeviceTable.major(number)):\(DeviceTable.minor(number))"
      found.add(
        .superblock, device,
        RawText("\(UnexplainedSuperblocks.elsewhere) \(other), with /dev/\(device.name)"),
        advice: "its last user must close it: see which processes have files open on it")
    }
  }

  private func addSuperblock(_ type: String, _ device: DeviceTable.Device, _ found: inout Found) {
    guard !found.contains(.mount, device) else { return }
    found.add(
      .superblock, device, RawText("\(type) on /dev/\(device.name)"),
      advice: "its last user must close it: see which processes have files open on it")
  }

  // MARK: The kernel's own users

  private func addSwaps(_ found: inout Found) {
    guard let text = KernelFile.read(roots.proc.appending("swaps")) else { return }
    for line in text.split(separator: UInt8(ascii: "\n")).dropFirst() {
      let mountPoint = MountTable.unescaped(
        line.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") })
      let path = RawText(mountPoint)
      guard let file = roots.files.facts(path.text), let target = devices.target(of: file) else { continue }
      // mm/swapfile.c:swapon opens the file, and claims the device.
      found.add(
        .swap, target.device, path, opens: target.isNode ? rules.opensOfClaimedSwap : 0,
        advice: "swapoff \(ShellWord(path.text))")
    }
  }

  private func addHolders(_ found: inout Found) {
    for device in devices.blocks.values.sorted(by: { $0.name < $1.name }) {
      let directory = devices.directory(device.name)
      for holder in KernelFile.names(directory.appending("holders")).sorted() {
        let name = KernelFile.line(devices.directory(holder).appending("dm/name")).map { " (\($0))" } ?? ""
        // drivers/block/drbd/drbd_nl.c:open_backing_devices opens it again for the metadata at its end.
        found.add(
          .holder, device, RawText("/dev/\(device.name) by \(holder)\(name)"),
          opens: holder.hasPrefix("drbd") ? 2 : 1, advice: Self.advice(holder, on: device.name))
      }
      // drivers/md/bcache/super.c:register_bdev, register_cache name no holder before both halves are there.
      if KernelFile.link(directory.appending("bcache")) != nil
        || !KernelFile.names(directory.appending("bcache")).isEmpty,
        !found.contains(.holder, device), !device.name.hasPrefix("bcache")
      {
        found.add(
          .holder, device, RawText("/dev/\(device.name) by bcache"),
          advice: "stop it: echo 1 > /sys/class/block/\(device.name)/bcache/stop")
      }
    }
  }

  /// How a device lets go of what it is stacked on.
  private static func advice(_ holder: String, on name: String) -> String {
    if holder.hasPrefix("bcache") { return "stop it: echo 1 > /sys/block/\(holder)/bcache/stop" }
    if holder.hasPrefix("md") { return "mdadm --stop /dev/\(holder)" }
    return "take the stack apart from the top: lsblk /dev/\(name)"
  }

  private func addLoops(_ found: inout Found) {
    let directory = roots.sys.appending("block")
    for loop in KernelFile.names(directory).filter({ $0.hasPrefix("loop") }).sorted() {
      let path = KernelFile.line(directory.appending(loop).appending("loop/backing_file"))
      guard let path, let facts = backing(of: loop, path), let target = devices.target(of: facts) else {
        continue
      }
      found.add(
        .loop, target.device, RawText("\(path) by \(loop)"), opens: target.isNode ? 1 : 0,
        effect: target.isNode ? .errors : .refused, advice: "losetup -d /dev/\(loop)")
    }
  }

  /// By the number that the driver has open: the name may have been renamed or removed since, or refer to another
  /// device now.
  private func backing(of loop: String, _ path: String) -> FileFacts? {
    roots.isLive
      ? LoopBacking.facts(loop, directory: devices.directory(loop)) ?? roots.files.facts(path)
      : roots.files.facts(path)
  }
}
