import PmemDevice

/// The steps that give DAX devices back the driver, size and online memory that they had.
struct DeviceRestoration {
  let target: MachineState
  let scope: ChangeScope
  let inventory: Inventory

  func entries() -> [Plan.Entry] {
    let present = inventory.daxDevices
    var entries: [Plan.Entry] = []
    if scope.dividesDevices {
      for placed in present where placed.region.isDivisible {
        guard !target.devices.contains(where: { $0.chardev == placed.device.chardev }) else { continue }
        entries += Self.unbinding(placed.device)
        entries.append(
          Plan.Entry(.destroyDevice(placed.device.chardev), "remove \(placed.device.chardev)"))
      }
    }
    for saved in target.devices {
      if let now = present.first(where: { $0.device.chardev == saved.chardev })?.device {
        entries += Self.restoring(saved, from: now)
      } else if saved.isDivisible {
        entries.append(
          Plan.Entry(
            .createDevice(region: saved.region, size: ByteCount(saved.size), align: saved.align),
            "create a DAX device of \(ByteCount(saved.size)) in DAX region \(saved.region)"))
      }
    }
    return entries
  }

  private static func unbinding(_ device: DaxDevice) -> [Plan.Entry] {
    guard device.isEnabled else { return [] }
    let name = device.chardev
    let offline =
      (device.memory?.online ?? 0) > 0
      ? [Plan.Entry(.offlineMemory(device: name), "take the memory of \(name) offline")] : []
    return offline + [Plan.Entry(.unbindDevice(name), "unbind \(name)")]
  }

  private static func restoring(_ saved: DeviceState, from now: DaxDevice) -> [Plan.Entry] {
    let name = saved.chardev
    let isResized = saved.isDivisible && now.size.rawValue != saved.size
    var entries: [Plan.Entry] = []
    var online = now.memory?.online ?? 0
    if isResized || now.isEnabled != saved.isEnabled || now.isEnabled && now.mode != saved.mode {
      entries += unbinding(now)
      online = 0
      if isResized {
        entries.append(
          Plan.Entry(.resizeDevice(name, ByteCount(saved.size)), "resize \(name) to \(ByteCount(saved.size))")
        )
      }
      guard saved.isEnabled else { return entries }
      entries.append(Plan.Entry(.bindDevice(name, saved.mode), "make \(name) \(saved.mode.rawValue)"))
    }
    guard saved.isEnabled, saved.mode == .systemRAM, let wanted = saved.online, wanted != online else {
      return entries
    }
    entries.append(
      wanted == 0
        ? Plan.Entry(.offlineMemory(device: name), "take the memory of \(name) offline")
        : Plan.Entry(
          .onlineMemory(device: name, movable: saved.isMovable), "bring the memory of \(name) online"))
    return entries
  }
}
