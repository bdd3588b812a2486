import PmemDevice
import PmemInspect

/// Passphrases that a host lacks where its DIMMs need them first: the driver asks for them when it binds a DIMM
/// (drivers/nvdimm/security.c:nvdimm_security_unlock), which is in the initramfs if the driver is there.
struct InitramfsFindings {
  let inventory: Inventory
  let security: [DimmSecurity]

  func findings() -> [Diagnosis.Finding] {
    let dimms = zip(inventory.dimms, security).filter { dimm, security in
      security.state == .unlocked || security.state == .locked
    }.map(\.0)
    guard !dimms.isEmpty, inventory.host.isPrivileged else { return [] }
    switch Initramfs.read(release: inventory.host.kernelRelease) {
    case .absent: return []
    case .unreadable(let path):
      return [
        Diagnosis.Finding(
          .note, "initramfs",
          "\(path) was not checked for the passphrases of DIMMs: neither lsinitramfs nor lsinitrd is installed"
        )
      ]
    case .found(let initramfs):
      guard initramfs.hasDriver else { return [] }
      return dimms.compactMap { dimm in
        guard let id = dimm.id, !initramfs.hasPassphrase(of: id) else { return nil }
        return Diagnosis.Finding(
          .warning, dimm.dev,
          "\(initramfs.path) has its driver, but not its passphrase: it stays locked after a boot until it is unlocked",
          try: ["pmemctl dimm security unlock \(dimm.dev)"])
      }
    }
  }
}
