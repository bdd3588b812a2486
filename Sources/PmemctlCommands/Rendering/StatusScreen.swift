import PmemDevice
import PmemOutput

/// The one screen of `status`.
struct StatusScreen {
  private let inventory: Inventory
  private let backend: String
  private let health: [String: HealthVerdict]
  private let notes: NamespaceNotes
  private let diagnosis: Diagnosis
  private let terminal: Terminal

  /// - Parameters:
  ///   - inventory: The machine's devices.
  ///   - backend: Its kind.
  ///   - health: By kernel name of the DIMM.
  ///   - notes: Of the namespaces.
  ///   - diagnosis: The problems visible without reading media.
  ///   - terminal: The terminal it is shown on.
  init(
    _ inventory: Inventory, backend: String, health: [String: HealthVerdict], notes: NamespaceNotes,
    diagnosis: Diagnosis, terminal: Terminal
  ) {
    self.diagnosis = diagnosis
    self.health = health
    self.notes = notes
    self.inventory = inventory
    self.backend = backend
    self.terminal = terminal
  }

  var text: String {
    let others = inventory.otherDaxRegions.isEmpty ? [] : [otherDevices]
    let cxl = inventory.cxl.isEmpty ? [] : [cxl]
    return ([summary] + inventory.buses.map(section) + others + cxl + [attention]).joined(separator: "\n")
  }

  /// The problems visible without reading media: `doctor` finds more.
  private var attention: String {
    let problems = diagnosis.findings.filter { $0.severity != .note }
    guard let first = problems.first else { return "Nothing needs attention.\n" }
    let others =
      problems.count > 1 ? ", and \(counted(problems.count - 1, "other problem"))" : ""
    return words(["Needs attention:", "\(first.subject): \(first.text)\(others)", "(pmemctl doctor)"])
  }

  private var summary: String {
    let regions = inventory.regions
    let total = ByteCount(regions.reduce(0) { $0 + $1.size.rawValue })
    let free = ByteCount(regions.reduce(0) { $0 + $1.availableSize.rawValue })
    return words([
      "kernel \(inventory.host.kernelRelease)", counted(inventory.buses.count, "bus", plural: "buses"),
      counted(inventory.dimms.count, "DIMM"), counted(regions.count, "region"),
      counted(inventory.namespaces.filter { !$0.isSeed }.count, "namespace"), "\(total) pmem",
      "\(free) free", "backend: \(backend)",
    ]) + hint
  }

  private var hint: String {
    inventory.host.isPrivileged
      ? ""
      : "(not root: offsets in regions are unknown, namespaces are drawn in the order of their numbers)\n"
  }

  private func section(_ bus: Bus) -> String {
    var text = words(["\(bus.dev)", bus.provider, bus.scrubState.map { "scrub \($0)" } ?? ""])
    for dimm in bus.dimms { text += "  " + words([dimm.dev, dimm.id ?? "", labels(dimm)] + trouble(dimm)) }
    for region in bus.regions { text += "\n" + draw(region) }
    return text
  }

  private func labels(_ dimm: DIMM) -> String {
    dimm.labels.map { counted($0.availableSlots, "label free", plural: "labels free") } ?? "no labels"
  }

  private func trouble(_ dimm: DIMM) -> [String] {
    (dimm.isEnabled ? [] : ["disabled"]) + [verdict(dimm)] + dimm.flags
  }

  /// Nothing if unknown.
  private func verdict(_ dimm: DIMM) -> String {
    switch health[dimm.dev]?.level {
    case nil, .notSupported, .notPermitted: ""
    case let level?: "health \(level.rawValue)"
    }
  }

  /// Memory that is no namespace's: CXL, or what the platform sets aside.
  private var otherDevices: String {
    words(["DAX devices without a namespace"])
      + inventory.otherDaxRegions.map { region in
        region.devices.map { device in
          "  "
            + words([
              device.chardev, "\(device.size)", device.mode.rawValue, "node \(device.targetNode)",
              Self.text(region.source),
            ])
        }.joined()
      }.joined()
  }

  private static func text(_ source: DaxRegion.Source?) -> String {
    switch source {
    case .cxl: "CXL"
    case .hmem: "set aside by firmware (hmem)"
    case nil: ""
    }
  }

  /// CXL devices with the way of their memory, then the windows.
  private var cxl: String {
    let chain = CxlChain(inventory)
    var text = words(["CXL", counted(inventory.cxl.memdevs.count, "device")])
    for memdev in inventory.cxl.memdevs {
      text += "  " + words([memdev.dev, memdev.id.map { "serial \($0)" } ?? "", memdev.memory ?? ""])
      text += chain.lines(of: memdev).map { CxlChain.folded($0, width: terminal.width, indent: 4) }.joined()
    }
    for window in inventory.cxl.windows {
      text += "\n" + words(window.headline) + WindowDrawing(window, terminal: terminal).text
    }
    return text
  }

  private func draw(_ region: Region) -> String {
    let dimms = region.dimmsByPosition.joined(separator: "+")
    return words([
      region.dev, "\(region.size)", dimms, region.isetID.map { "iset 0x\(String($0, radix: 16))" } ?? "",
      "align \(ByteCount(region.align))", region.numaNode < 0 ? "" : "node \(region.numaNode)",
      region.isEnabled ? "" : "disabled",
      region.isLabeled ? "" : "label-less: one namespace, cannot be divided",
    ]) + RegionDrawing(region, notes, terminal: terminal).text
  }

  /// Words with two spaces between them, on as many lines as the terminal's width asks for.
  private func words(_ words: [String]) -> String {
    var lines = [""]
    for word in words.map(\.sanitized) where !word.isEmpty {
      let last = lines[lines.count - 1]
      if last.isEmpty {
        lines[lines.count - 1] = word
      } else if last.count + 2 + word.count <= terminal.width {
        lines[lines.count - 1] = last + "  " + word
      } else {
        lines.append("  " + word)
      }
    }
    return lines.map { $0 + "\n" }.joined()
  }
}
