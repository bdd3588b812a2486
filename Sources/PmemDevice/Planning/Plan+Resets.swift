extension Plan {
  /// Names what disabling and enabling a namespace resets, unless a step of the plan sets it again: a DAX device in
  /// system-ram mode becomes device_dax again (drivers/dax/bus.c:__dax_match_id, the kernel binds device_dax first).
  ///
  /// - Parameter inventory: That the plan was made from.
  /// - Returns: The plan, with a warning for each.
  public func namingResets(in inventory: Inventory) -> Plan {
    var plan = self
    for namespace in inventory.namespaces {
      guard entries.contains(where: { $0.step == .disable(namespace: namespace.dev) }),
        let enabling = entries.lastIndex(where: { $0.step.enables(namespace) })
      else { continue }
      for device in namespace.daxRegion?.devices ?? [] where device.mode == .systemRAM {
        guard !entries[enabling...].contains(where: { $0.step == .bindDevice(device.chardev, .systemRAM) })
        else { continue }
        let warning =
          "\(device.chardev) is system-ram (offline), and will be devdax again: "
          + "pmemctl device reconfigure --mode system-ram \(device.chardev)"
        if !plan.warnings.contains(warning) { plan.warnings.append(warning) }
      }
    }
    return plan
  }
}

extension Step {
  fileprivate func enables(_ namespace: Namespace) -> Bool {
    guard case .enable(let name) = self else { return false }
    return name == namespace.dev || name == namespace.labelUUID?.description
  }
}
