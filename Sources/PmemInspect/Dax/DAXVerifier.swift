import CPmemShims
import Glibc
import PmemDevice
import SystemPackage

/// Maps memory to see what the kernel makes of it. Nothing is written.
struct DAXVerifier {
  private let inventory: Inventory
  /// This process's own mappings, as the kernel reports them; nil if it does not.
  private let mappings: () -> [Mapping]?
  private let devices: DeviceTable

  init(_ inventory: Inventory, _ devices: DeviceTable, mappings: @escaping () -> [Mapping]?) {
    self.inventory = inventory
    self.mappings = mappings
    self.devices = devices
  }

  static let huge: UInt64 = 2 << 20

  // MARK: Any file

  func probe(_ path: String, at offset: UInt64) throws(DeviceError) -> DaxProbe {
    guard let facts = FileFacts(path) else { throw Self.failure("look at", path, errno) }
    guard facts.isRegular || facts.isBlockDevice || facts.isCharacterDevice else {
      throw DeviceError(.usage, "cannot map \(path): it is neither a file nor a device")
    }
    let target = devices.target(of: facts)
    guard !facts.isCharacterDevice || target != nil else {
      throw DeviceError(.usage, "cannot map \(path): it is not a DAX device")
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { throw Self.failure("open", path, errno) }
    defer { close(descriptor) }
    let device = target?.device
    let size = Self.size(descriptor, device, inventory)
    guard size > 0 else { throw DeviceError(.failed, "cannot map \(path): it is empty", errno: EINVAL) }
    guard offset < size else { throw DeviceError(.failed, "\(path) ends at \(size)", errno: EINVAL) }
    let position =
      facts.isRegular && offset == 0 ? max(0, lseek(descriptor, 0, CPmem_seek_data)) : off_t(offset)
    let window = try MappedWindow(
      descriptor, at: UInt64(position), size: size, align: device?.daxAlign, path: path)
    defer { window.unmap() }
    guard window.touch(UInt64(position)) else {
      throw DeviceError(
        .failed, "cannot touch byte \(position) of \(path): a process that does is killed by SIGBUS",
        details: ["it is a bad block, or the file was truncated"], errno: EFAULT)
    }
    var probe = DaxProbe(
      facts.isRegular ? .file : facts.isBlockDevice ? .blockDevice : .daxDevice, isDAX: nil, pageSize: nil,
      isSync: window.isSyncGranted(descriptor), device: device?.name,
      namespaces: device?.namespaces ?? [], offset: UInt64(position))
    guard device != nil else {
      probe.isDAX = facts.isRegular ? CPmem_is_dax(descriptor) == 1 : false
      return probe
    }
    look(at: window, UInt64(position), &probe)
    if facts.isRegular {
      var flags: UInt32 = 0
      if CPmem_inode_flags(descriptor, &flags) == 0 { probe.inodeFlags = flags }
    }
    probe.longTermPin = pinned(path, probe, size: size, align: device?.daxAlign)
    return probe
  }

  /// Tries a long-term pin if that changes nothing: device-dax has no timestamps, and filesystem DAX is refused before
  /// its pages are touched (mm/gup.c:check_vma_flags, since 5.14).
  private func pinned(
    _ path: String, _ probe: DaxProbe, size: UInt64, align: UInt64?
  ) -> DaxProof.Outcome? {
    guard probe.isDAX == true, probe.subject != .blockDevice,
      probe.subject == .daxDevice || inventory.host.rules.refusesLongTermPinsFirst
    else { return nil }
    let descriptor = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard
      let window = try? MappedWindow(
        descriptor, at: probe.offset, size: size, align: align, path: path, isWritable: true)
    else { return nil }
    defer { window.unmap() }
    switch window.pin(align ?? 4096) {
    case 0: return .proven
    case EOPNOTSUPP where probe.subject == .file || inventory.host.rules.registersDeviceBuffers:
      return .failed
    default: return nil
    }
  }

  /// The page tables first, then /proc.
  private func look(at window: MappedWindow, _ position: UInt64, _ probe: inout DaxProbe) {
    let mapping = mappings()?.first { $0.start <= window.start && window.start < $0.end }
    probe.isDAX = mapping?.isDAX
    probe.pageSize = mapping?.populated?.last { $0.bytes > 0 }?.pageSize
    // Reading pagemap would take an entry of 1 GiB apart.
    guard window.align < 1 << 30, let address = window.physicalAddress(position) else { return }
    let isThere =
      inventory.daxDevices.flatMap(\.device.mappings).contains { $0.start <= address && address <= $0.end }
      || inventory.namespaces.contains { namespace in
        guard let start = namespace.resource else { return false }
        return start <= address && address - start < namespace.rawSize.rawValue
      }
    guard isThere || inventory.namespaces.contains(where: { $0.resource != nil }) else { return }
    probe.isDAX = isThere
  }

  private static func size(
    _ descriptor: Int32, _ device: DeviceTable.Device?, _ inventory: Inventory
  ) -> UInt64 {
    if let name = device?.name, device?.daxAlign != nil {
      return inventory.daxDevices.first { $0.device.chardev == name }?.device.size.rawValue ?? 0
    }
    return UInt64(max(0, lseek(descriptor, 0, SEEK_END)))
  }

  static func failure(_ verb: String, _ path: String, _ number: Int32) -> DeviceError {
    DeviceError(
      DeviceError.Code(errno: number), "cannot \(verb) \(path): \(String(cString: strerror(number)))",
      errno: number)
  }

  // MARK: Requirements of consumers

  func verify(_ namespace: Namespace, longTerm: Bool) -> [DaxProof] {
    if let device = namespace.daxRegion?.devices.first { return verify(device, longTerm: longTerm) }
    guard let name = namespace.blockDevice else {
      return [DaxProof(.unverified, "there is no device to open")]
    }
    return verify(block: name)
  }

  private func verify(block name: String) -> [DaxProof] {
    let path = "/dev/" + name
    let descriptor = devices.open(name, O_RDONLY | O_EXCL)
    var proofs: [DaxProof] = []
    if descriptor >= 0 {
      close(descriptor)
      proofs.append(DaxProof(.proven, "opened \(path) exclusively: it has no other exclusive holder"))
    } else {
      proofs.append(
        DaxProof(
          .unverified, "\(path) could not be opened exclusively: \(String(cString: strerror(-descriptor)))"))
    }
    let dax = KernelFile.line(devices.directory(name).appending("queue/dax"))
    proofs.append(
      dax == "1"
        ? DaxProof(.proven, "the kernel offers DAX to filesystems on it (queue/dax is 1)")
        : DaxProof(.failed, "the kernel offers no DAX on it (queue/dax is \(dax ?? "not there"))"))
    proofs.append(
      DaxProof(
        .unverified, "mappings: they are of files, once a filesystem is on it (pmemctl dax probe FILE)"))
    return proofs
  }

  private func verify(_ device: DaxDevice, longTerm: Bool) -> [DaxProof] {
    let path = "/dev/" + device.chardev
    let descriptor = devices.open(device.chardev, O_RDWR)
    guard descriptor >= 0 else {
      return [
        DaxProof(
          .unverified,
          "nothing was tried: \(path) cannot be opened: \(String(cString: strerror(-descriptor)))")
      ]
    }
    defer { close(descriptor) }
    let window: MappedWindow
    do throws(DeviceError) { window = try MappedWindow(all: device, descriptor, path: path) } catch {
      return [DaxProof(.failed, error.summary)]
    }
    defer { window.unmap() }
    var proofs = [
      DaxProof(.proven, "mapped all \(device.size.exact) of \(path), shared and synchronous (MAP_SYNC)")
    ]
    let last = device.size.rawValue - 1
    let isAlive = window.touch(0) && window.touch(last)
    proofs.append(
      isAlive
        ? DaxProof(.proven, "read the first byte and the last")
        : DaxProof(.failed, "the first byte or the last cannot be read: bad blocks, or the device is gone")
    )
    if isAlive { proofs += [pages(window, device), location(window, device)].compactMap { $0 } }
    if longTerm, isAlive { proofs.append(pin(window, device)) }
    return proofs
  }

  private func pages(_ window: MappedWindow, _ device: DaxDevice) -> DaxProof {
    let mapping = mappings()?.first { $0.start <= window.start && window.start < $0.end }
    guard let sizes = mapping?.populated?.filter({ $0.bytes > 0 }).map(\.pageSize), !sizes.isEmpty else {
      return DaxProof(.unverified, "the size of its pages could not be seen")
    }
    guard sizes == [device.align] else {
      let seen = sizes.map { "\(ByteCount($0))" }.joined(separator: ", ")
      return DaxProof(.failed, "its pages are \(seen), not \(ByteCount(device.align))")
    }
    return DaxProof(.proven, "pages of \(ByteCount(device.align)) seen")
  }

  /// That the page is the device's own, by its physical address.
  private func location(_ window: MappedWindow, _ device: DaxDevice) -> DaxProof? {
    guard window.align < 1 << 30, let address = window.physicalAddress(0), let range = device.mappings.first
    else { return nil }
    return address == range.start
      ? DaxProof(.proven, "its first page is the device's own memory, at 0x\(String(address, radix: 16))")
      : DaxProof(
        .failed, "its first page is at 0x\(String(address, radix: 16)), which is not the device's")
  }

  private func pin(_ window: MappedWindow, _ device: DaxDevice) -> DaxProof {
    let status = window.pin(device.align)
    if status == 0 {
      return DaxProof(.proven, "long-term pins possible: one was taken and released", of: .longTermPin)
    }
    let reason = String(cString: strerror(abs(status)))
    let isOld = status == EOPNOTSUPP && !inventory.host.rules.registersDeviceBuffers
    if status < 0 || isOld || status == ENOMEM || status == EPERM {
      return DaxProof(
        .unverified,
        "long-term pins: io_uring could not be asked (\(isOld ? "before 6.5 it takes no device" : reason)); "
          + "RDMA and VFIO can pin device-dax on every kernel", of: .longTermPin)
    }
    return DaxProof(.failed, "long-term pins: refused (\(reason))", of: .longTermPin)
  }
}
