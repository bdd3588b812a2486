/// Problems of CXL: memory that cannot be used, or whose use differs from its configuration.
struct CxlDiagnosis {
  private let inventory: Inventory

  init(_ inventory: Inventory) { self.inventory = inventory }

  var findings: [Diagnosis.Finding] {
    guard !inventory.cxl.isEmpty else { return [] }
    // Volatile memory may be used by way of hmem, and only addresses, which are root's, would say whether it is.
    let isHidden = inventory.otherDaxRegions.contains { $0.source == .hmem }
    return inventory.cxl.memdevs.flatMap { look(at: $0, namesUnusedRam: !isHidden) }
      + inventory.cxl.regions.compactMap(look) + inventory.cxl.regions.compactMap(lookAtLabels)
      + firmwareRanges + inventory.daxDevices.compactMap(lookAtPolicy)
  }

  // MARK: Memory devices

  private func look(at memdev: CxlMemdev, namesUnusedRam: Bool) -> [Diagnosis.Finding] {
    var findings: [Diagnosis.Finding] = []
    let subject = memdev.dimm ?? memdev.dev
    let show: Suggestion = "pmemctl dimm show \(memdev.dev)"
    if memdev.dimm == nil, memdev.security == "locked" {
      findings.append(
        .init(.warning, subject, "it is locked: its memory cannot be used until it is unlocked"))
    }
    guard memdev.endpoint != nil else {
      let reason =
        "a driver is missing (modprobe -a cxl_acpi cxl_port cxl_mem), its CXL link is down, or firmware does not describe "
        + "its host bridge (ACPI CEDT)"
      findings.append(
        .init(
          .warning, subject, "no CXL port leads to \(memdev.dev): none of its memory can be used; \(reason)",
          try: [show]))
      return findings
    }
    for kind in CxlMemoryKind.allCases where kind == .pmem || namesUnusedRam {
      guard let unused = memdev.unusedSize(kind), unused > .zero else { continue }
      let window = inventory.cxl.windows.first { $0.kinds.contains(kind) && ($0.freeSize ?? .zero) > .zero }
      let way =
        window.map {
          kind == .pmem
            ? ": pmemctl region create --window \($0.dev) \(memdev.dev) creates a region of it alone"
            : ": pmemctl region create --type ram --window \($0.dev) \(memdev.dev) creates a region of it alone"
        }
        ?? ", and no window has room for such memory"
      findings.append(
        .init(
          .note, subject, "\(unused) of the \(kind.rawValue) of \(memdev.dev) are in no CXL region\(way)",
          try: [show]))
    }
    return findings
  }

  // MARK: Regions

  private func look(at region: CxlRegion) -> Diagnosis.Finding? {
    func finding(_ text: String) -> Diagnosis.Finding {
      .init(.warning, region.dev, text, try: ["pmemctl region show \(region.dev)"])
    }
    guard !region.isDisabled else {
      return .init(
        .warning, region.dev, "the CXL region is disabled: none of its memory can be used",
        try: ["pmemctl region enable \(region.dev)"])
    }
    guard region.isCommitted == true else { return nil }
    switch (region.kind, region.bridge) {
    case (.pmem?, _) where inventory.region(of: region) == nil:
      return finding(
        "the CXL region is committed, but libnvdimm has no region for it: modprobe cxl_pmem loads the driver")
    case (.ram?, .dax(isBound: false, _)):
      return finding(
        "the CXL region is committed, but has no DAX region: modprobe dax_cxl loads the driver")
    case (.ram?, nil):
      return finding(
        "the CXL region is committed, but has no DAX device: the kernel took it as memory while it booted, or a driver "
          + "is missing (modprobe dax_cxl)")
    case (.ram?, .dax(_, let devices)) where devices.isEmpty:
      return finding("the CXL region has no DAX device: pmemctl device create creates one")
    default: return nil
    }
  }

  /// All members of a set get the same labels (drivers/nvdimm/label.c:nd_pmem_namespace_label_update).
  private func lookAtLabels(_ region: CxlRegion) -> Diagnosis.Finding? {
    guard let known = inventory.region(of: region), known.mappings.count > 1 else { return nil }
    let dimms = known.mappings.compactMap { mapping in inventory.dimms.first { $0.dev == mapping.dimm } }
    let free = dimms.compactMap { $0.labels?.availableSlots }
    guard free.count > 1, Set(free).count > 1 else { return nil }
    let list = dimms.map { "\($0.dev) has \($0.labels.map { "\($0.availableSlots)" } ?? "no") free" }
    return .init(
      .warning, region.dev,
      "its DIMMs do not have the same labels (\(list.joined(separator: ", "))): some are of another set, or incomplete",
      try: ["pmemctl label check \(words: dimms.map(\.dev))"])
  }

  // MARK: Memory

  /// Memory of a window that device-dax has by way of firmware's tables. Without the window's address nothing is known.
  private var firmwareRanges: [Diagnosis.Finding] {
    let devices = inventory.otherDaxRegions.filter { $0.source == .hmem }.flatMap(\.devices)
    return inventory.cxl.windows.compactMap { window -> Diagnosis.Finding? in
      guard let start = window.start, let size = window.size?.rawValue, size > 0 else { return nil }
      let (end, isTooLarge) = start.addingReportingOverflow(size - 1)
      guard !isTooLarge else { return nil }
      let names = devices.filter { device in device.mappings.contains { $0.start <= end && $0.end >= start } }
        .map(\.chardev)
      guard !names.isEmpty, window.regions.isEmpty else { return nil }
      return .init(
        .note, window.dev,
        "it has no CXL region, though \(names.joined(separator: ", ")) has memory in it: firmware configured that itself, "
          + "and reported it as Soft Reserved; it is usable; the devices behind it are unknown",
        try: ["pmemctl device show \(names[0])"])
    }
  }

  private func lookAtPolicy(_ placed: DaxDeviceLocation) -> Diagnosis.Finding? {
    guard placed.source != nil, inventory.host.memoryPolicy != .offline, placed.device.mode == .systemRAM,
      let memory = placed.device.memory, memory.online > 0
    else { return nil }
    let policy = inventory.host.memoryPolicy.rawValue
    let isMovable = memory.movable == memory.online
    let text =
      "it is the kernel's memory, \(memory.online) of \(memory.total) blocks online: new memory goes online by itself "
      + "(auto_online_blocks is \(policy))"
    return .init(
      isMovable ? .note : .warning, placed.device.chardev,
      isMovable ? text : text + ", and unmovable memory may not go offline again",
      try: ["pmemctl device offline \(placed.device.chardev)"])
  }
}

extension CxlMemdev {
  /// Bytes of a kind that are in no region; nil if unknown.
  public func unusedSize(_ kind: CxlMemoryKind) -> ByteCount? {
    guard let size = size(kind)?.rawValue, let endpoint else { return nil }
    var rest = size
    for decoder in endpoint.decoders where decoder.kind == kind && decoder.region != nil {
      guard let used = decoder.dpaSize?.rawValue, used <= rest else { return nil }
      rest -= used
    }
    return ByteCount(rest)
  }
}
