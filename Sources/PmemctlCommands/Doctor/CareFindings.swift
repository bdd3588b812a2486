import PmemDevice

/// The findings of the care of DIMMs and buses: injections, firmware.
struct CareFindings {
  let inventory: Inventory
  let backend: any CommandContext.Backend
  let injectedDimms: [String]

  /// - Throws: If the machine cannot be asked at all.
  func findings() throws(DeviceError) -> [Diagnosis.Finding] {
    try injectedErrors() + damagedFilesystems() + injectedHealth() + firmware()
  }

  private func damagedFilesystems() -> [Diagnosis.Finding] {
    let damaged = inventory.regions.flatMap(\.configuredNamespaces).filter { $0.badblockCount > 0 }
    guard !damaged.isEmpty else { return [] }
    let mounts = backend.mountPoints(in: inventory)
    return damaged.compactMap { namespace in
      guard let point = mounts[namespace.dev]?.first else { return nil }
      return Diagnosis.Finding(
        .note, namespace.dev, "it is mounted on \(point.text): files there may have lost content",
        try: ["pmemctl namespace show \(namespace.dev) --files"])
    }
  }

  private func injectedErrors() throws(DeviceError) -> [Diagnosis.Finding] {
    guard inventory.host.isPrivileged else { return [] }
    var findings: [Diagnosis.Finding] = []
    for namespace in inventory.regions.flatMap(\.configuredNamespaces) where namespace.badblockCount > 0 {
      guard let injected = try backend.injectedErrors(of: [namespace])[0], !injected.isEmpty else { continue }
      let blocks = injected.reduce(0) { $0 + $1.length } / 512
      findings.append(
        Diagnosis.Finding(
          .note, namespace.dev, "errors are injected into \(counted(blocks, "block")) of it",
          try: ["pmemctl namespace inject-error \(namespace.dev) --withdraw"]))
    }
    return findings
  }

  private func injectedHealth() -> [Diagnosis.Finding] {
    inventory.dimms.filter { injectedDimms.contains(DimmNotes.name($0)) }.map { dimm in
      Diagnosis.Finding(
        .note, dimm.dev, "pmemctl has injected some of what it reports of its health",
        try: ["pmemctl dimm inject-smart \(dimm.dev) --withdraw"])
    }
  }

  private func firmware() throws(DeviceError) -> [Diagnosis.Finding] {
    let reports = try FirmwareReport.read(inventory.dimms, inventory, backend)
    return reports.flatMap { report -> [Diagnosis.Finding] in
      guard let firmware = report.firmware else { return [] }
      var findings: [Diagnosis.Finding] = []
      switch firmware.result {
      case .fail, .needReset, .notStaged:
        findings.append(
          Diagnosis.Finding(
            .warning, report.dimm.dev,
            "the last activation of its firmware ended with \(firmware.result?.rawValue ?? "")",
            try: ["pmemctl dimm firmware show \(report.dimm.dev)"]))
      case .success, .some(.none), nil: break
      }
      if let staged = firmware.staged {
        findings.append(
          Diagnosis.Finding(
            .note, report.dimm.dev,
            "firmware \(FirmwarePlanner.version(staged)) is staged, and runs after the next power cycle or activation"
          ))
      }
      return findings
    }
  }
}
