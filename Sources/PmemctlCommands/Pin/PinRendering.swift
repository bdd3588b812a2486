import PmemDevice
import PmemOutput

/// Pins for people and for programs.
struct PinRendering {
  private let rules: KernelRules
  private let columns: ListColumns<PinColumns.Row>
  private let context: CommandContext
  private let isQuiet: Bool
  private var terminal: Terminal { context.terminal }

  /// - Parameters:
  ///   - rules: Of the machine's kernel.
  ///   - columns: Of the tables.
  ///   - context: Its terminal decides about the width.
  ///   - isQuiet: Whether only the names of devices with pins are shown.
  init(
    _ rules: KernelRules, _ columns: ListColumns<PinColumns.Row>, _ context: CommandContext, isQuiet: Bool
  ) {
    self.rules = rules
    self.columns = columns
    self.context = context
    self.isQuiet = isQuiet
  }

  /// A device that could not be read, as a range: all of it.
  static func unknown(_ device: DevicePins) -> PinnedRange {
    PinnedRange(
      device: device.device, namespace: device.namespace, extent: Extent(offset: 0, length: device.size),
      pageSize: 4096, pins: 0, references: 0, isExact: false, kind: .unknown, holders: device.suspects)
  }

  // MARK: JSON

  static func json(_ row: PinRow, _ rules: KernelRules) -> JSONObject {
    var object = JSONObject()
    guard let range = row.range else { return object }
    let isKnown = range.kind != .unknown
    object.add("device", range.device)
    object.add("namespace", range.namespace)
    object.add("offset", range.extent.offset)
    object.add("length", range.extent.length)
    object.add("page_size", isKnown ? range.pageSize : nil)
    object.add("pins", isKnown ? range.pins : nil)
    object.add("references", isKnown ? JSON.integer(range.references) : nil)
    object.add("exact", range.isExact)
    object.add("looks_pinned", isKnown ? range.pins > 0 || range.references > 0 : nil)
    object.add("class", range.kind.rawValue)
    object.add("duration", range.duration?.rawValue)
    object.add("reason", row.device.unknown)
    if let file = range.file {
      if let path = file.path { object.add("path", raw: path) }
      object.add("file_offset", file.offset)
      object.add("inode", file.inode)
    }
    object.add("holders", range.holders.map { .object(json($0)) })
    object.add("unexplained", range.unexplained)
    if isKnown {
      var effects = JSONObject()
      for one in PinConsequence.all(row.device.mode, rules, isMapped: row.isFileMapped) {
        effects.add(one.operation.rawValue, one.outcome.rawValue)
      }
      object.add("effects", effects)
    }
    return object
  }

  private static func json(_ holder: PinHolder) -> JSONObject {
    var object = JSONObject()
    object.add(holder.process)
    object.add("evidence", holder.evidence.text)
    object.add("pins", holder.pins)
    return object
  }

  // MARK: Text

  /// A summary, a map and a table a device.
  func text(_ rows: [PinRow]) -> String {
    var devices: [DevicePins] = []
    for row in rows where devices.last?.device != row.device.device { devices.append(row.device) }
    if isQuiet {
      return devices.filter { !$0.ranges.isEmpty || $0.unknown != nil }.map { "\($0.device)\n" }.joined()
    }
    let idle = devices.filter { $0.ranges.isEmpty && $0.unknown == nil }
    guard idle.count > Self.mostIdleShown else { return text(devices, rows) }
    let others = devices.filter { !$0.ranges.isEmpty || $0.unknown != nil }
    return text(others, rows) + (others.isEmpty ? "" : "\n")
      + "nothing pinned on \(idle.count) \(others.isEmpty ? "" : "other ")devices\n"
  }

  /// More devices without pins are only counted.
  private static let mostIdleShown = 8

  private func text(_ devices: [DevicePins], _ rows: [PinRow]) -> String {
    devices.map { device in
      text(device, isMapped: rows.allSatisfy { $0.device.device != device.device || $0.isFileMapped })
    }.joined(separator: "\n")
  }

  private func text(_ device: DevicePins, isMapped: Bool) -> String {
    let head = "\(device.device)  \(ByteCount(device.size))  "
    if let reason = device.unknown {
      var text = head + "pins unknown: \(reason.sanitized)\n"
      for holder in device.suspects {
        text += "  perhaps \("\(holder.process): \(holder.evidence.text)".sanitized)\n"
      }
      return text
    }
    guard !device.ranges.isEmpty else { return head + "nothing pinned\n" }
    let pinned = device.ranges.filter { $0.pins > 0 }
    let bytes = pinned.reduce(0) { $0 + $1.extent.length }
    let pages = pinned.reduce(0) { $0 + $1.extent.length / $1.pageSize }
    let other = device.heldBytes - bytes
    let parts = [
      bytes > 0
        ? "\(ByteCount(bytes)) pinned (\(counted(pages, "page")), "
          + (pinned.allSatisfy(\.isExact) ? "exact" : "not all exact") + ")" : nil,
      other > 0 ? "\(ByteCount(other)) referenced" : nil,
    ]
    return head + parts.compactMap { $0 }.joined(separator: ", ") + "\n\n" + bar(device) + "\n"
      + columns.text(PinColumns.rows(device), in: context, indent: 2) + "\n" + heuristic(device)
      + consequences(device, isMapped: isMapped)
  }

  /// A heuristic that was once proposed for finding pins, on the pages for which it is wrong.
  private func heuristic(_ device: DevicePins) -> String {
    func pages(_ ranges: [PinnedRange]) -> UInt64 { ranges.reduce(0) { $0 + $1.extent.length / $1.pageSize } }
    let held = pages(device.ranges.filter { $0.kind != .corrupt })
    let pinned = pages(device.ranges.filter { $0.pins > 0 })
    guard held > pinned else { return "" }
    return
      "  by reference and map counts alone, \(counted(held, "page")) would look pinned; \(pinned) "
      + "\(pinned == 1 ? "is" : "are")\n"
  }

  private func bar(_ device: DevicePins) -> String {
    let size = "\(ByteCount(device.size))"
    let width = max(10, min(64, terminal.width - 8 - size.count))
    let pieces = device.ranges.map { range in
      HeatBar.Piece(
        offset: range.extent.offset, length: range.extent.length,
        isAlarming: range.kind == .corrupt || range.kind == .orphan)
    }
    return
      "  0 \(HeatBar(size: device.size, pieces: pieces).text(width: width, terminal: terminal)) \(size)\n"
  }

  static func pins(_ range: PinnedRange) -> String {
    (range.pins > 0 && !range.isExact ? "<=" : "") + "\(range.pins)"
  }

  static func kind(_ range: PinnedRange) -> String {
    let duration = range.kind == .pinned || range.kind == .referenced ? range.duration?.rawValue : nil
    return [duration, range.kind.rawValue].compactMap { $0 }.joined(separator: " ")
  }

  private func consequences(_ device: DevicePins, isMapped: Bool) -> String {
    PinConsequence.all(device.mode, rules, isMapped: isMapped).map { one in
      "  \(one.operation.words) \(one.outcome.words)\n"
    }.joined()
  }

  static func line(_ row: PinRow) -> String {
    guard let range = row.range else { return row.device.device }
    let holders = range.holders.map { "\($0.process): \($0.evidence.text)" }.joined(separator: ", ")
    return "\(range.device) \(ByteCount(range.extent.offset)) \(ByteCount(range.extent.length)) "
      + "\(pins(range)) pins, \(range.references) references, \(kind(range)) \(holders)"
  }
}

extension PinnedFile {
  var text: String { "\(path?.text ?? "inode \(inode)") at \(ByteCount(offset))" }
}

extension PinConsequence.Operation {
  fileprivate var words: String {
    switch self {
    case .truncate: "truncating the file"
    case .punch: "punching a hole there"
    case .unlink: "removing the file"
    case .unmount: "unmounting"
    case .disable: "disabling the namespace"
    }
  }
}

extension PinConsequence.Outcome {
  fileprivate var words: String {
    switch self {
    case .waits: "would wait until they are released"
    case .waitsUnkillably: "would wait until they are released, and could not be killed"
    case .refused: "would be refused"
    case .proceeds: "would proceed, and leave them"
    case .corrupts: "would free blocks that hardware may still write into"
    case .crash: "would crash the kernel when they are released; pmemctl refuses"
    }
  }
}
