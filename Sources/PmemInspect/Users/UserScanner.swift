import PmemDevice
import SystemPackage

/// Finds what of the kernel's own has persistent memory: mounts, filesystems, swap, what is stacked on it.
struct UserScanner {
  private let roots: HostRoots
  private let devices: DeviceTable
  private let processes: ProcessList

  init(_ devices: DeviceTable, roots: HostRoots) {
    self.devices = devices
    self.roots = roots
    processes = ProcessList(roots: roots)
  }

  func scan() -> [Usage] {
    let found = mounts() + swaps() + holders() + loops()
    return found + superblocks(besides: found)
  }

  private func uses(
    _ kind: Usage.Kind, _ device: DeviceTable.Device, _ path: RawText, effect: Usage.Effect, advice: String
  ) -> [Usage] {
    device.namespaces.map { Usage(kind: kind, namespace: $0, path: path, effect: effect, advice: advice) }
  }

  // MARK: Mounts

  /// Of every mount namespace that a process lives in.
  private func mounts() -> [Usage] {
    var found: [Usage] = []
    for line in MountTable(processes).lines {
      guard let device = devices.blocks[line.device] else { continue }
      let advice =
        line.isFirstSpace
        ? "umount \(ShellWord(line.place.text))" : "unmount it in the mount namespace of process \(line.pid)"
      let all = uses(.mount, device, line.place, effect: .refused, advice: advice)
      found += all.filter { use in !found.contains { $0.namespace == use.namespace && $0.path == use.path } }
    }
    return found
  }

  /// Filesystems that live on although no namespace has them mounted.
  private func superblocks(besides known: [Usage]) -> [Usage] {
    ["ext4", "xfs"].flatMap { type in
      KernelFile.names(roots.sys.appending("fs").appending(type)).flatMap { name -> [Usage] in
        guard let device = devices.blocks.values.first(where: { $0.name == name }) else { return [] }
        return uses(
          .superblock, device, RawText("\(type) on /dev/\(name)"), effect: .refused,
          advice: "its last user must go: see what has files open on it"
        ).filter { use in !known.contains { $0.kind == .mount && $0.namespace == use.namespace } }
      }
    }
  }

  // MARK: The kernel's own users

  private func swaps() -> [Usage] {
    guard let text = KernelFile.read(roots.proc.appending("swaps")) else { return [] }
    return text.split(separator: UInt8(ascii: "\n")).dropFirst().flatMap { line -> [Usage] in
      let place = MountTable.unescaped(line.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") })
      let path = RawText(place)
      guard let file = roots.files.facts(path.text) else { return [] }
      guard let device = devices.target(of: file)?.device else { return [] }
      return uses(.swap, device, path, effect: .refused, advice: "swapoff \(ShellWord(path.text))")
    }
  }

  private func holders() -> [Usage] {
    devices.blocks.values.sorted { $0.name < $1.name }.flatMap { device -> [Usage] in
      let folder = roots.sys.appending("class/block").appending(device.name).appending("holders")
      return KernelFile.names(folder).sorted().flatMap { holder -> [Usage] in
        let own = roots.sys.appending("class/block").appending(holder)
        let name = KernelFile.line(own.appending("dm/name")).map { " (\($0))" } ?? ""
        return uses(
          .holder, device, RawText("/dev/\(device.name) by \(holder)\(name)"), effect: .refused,
          advice: "take the stack apart from the top: lsblk /dev/\(device.name)")
      }
    }
  }

  private func loops() -> [Usage] {
    KernelFile.names(roots.sys.appending("block")).filter { $0.hasPrefix("loop") }.sorted().flatMap {
      loop -> [Usage] in
      let file = roots.sys.appending("block").appending(loop).appending("loop/backing_file")
      guard let path = KernelFile.line(file), let facts = roots.files.facts(path) else { return [] }
      guard let device = devices.target(of: facts)?.device else { return [] }
      return uses(
        .loop, device, RawText("\(path) by \(loop)"), effect: facts.isBlockDevice ? .errors : .refused,
        advice: "losetup -d /dev/\(loop)")
    }
  }
}
