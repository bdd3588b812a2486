import PmemDevice
import PmemModel

extension MemoryStateReader {
  /// Reads what ``PageStateRecord`` wrote.
  mutating func readModel(_ line: RecordLine) throws(DeviceError) {
    switch line.kind {
    case "store": memory.nextStore = try line.integer("next", in: RecordRange.counter, file: file)
    case "policy":
      guard let policy = line["name"].flatMap(Policy.init(rawValue:)), let choice = line["choice"],
        policy.choices.contains(choice)
      else { throw misfit(line) }
      do { try memory.policies.choose(policy, choice) } catch { throw misfit(line) }
    case "pages": try readPages(line)
    case "referenced":
      let references = PageReferences(
        pins: try line.integer("pins", in: -(1 << 30)...1 << 30, file: file),
        plain: try line.integer("plain", in: -(1 << 30)...1 << 30, file: file))
      let range = try range(line)
      try addToLast(\.pages, line) { $0.references.set(range, references) }
    case "content":
      let (range, number) = (try range(line), try line.integer("store", file: file, as: UInt64.self))
      try addToLast(\.pages, line) { $0.content.set(range, number) }
    case "provider": try readProvider(line)
    case "present", "fetching":
      let (extent, isPresent) = (try extent(line), line.kind == "present")
      try addToLast(\.providers, line) {
        if isPresent { $0.present.insert(extent) } else { $0.fetching.insert(extent) }
      }
    case "transfer": try readTransfer(line)
    case "wait": try readWait(line)
    case "damage":
      guard let invariant = line["invariant"].flatMap(Invariant.init(rawValue:)) else {
        throw misfit(line)
      }
      memory.recordedViolations.append(Violation(invariant, line["text"] ?? "", of: line["subject"]))
    case "held", "uncommitted":
      let (extent, isHeld) = (try extent(line), line.kind == "held")
      try addToLast(\.filesystems, line) {
        if isHeld { $0.held.insert(extent) } else { $0.uncommitted.insert(extent) }
      }
    case "committed": try readFile(line)
    default: try readRun(line)
    }
  }

  private func range(_ line: RecordLine) throws(DeviceError) -> Range<UInt64> {
    let first = try line.integer("first", in: RecordRange.pages, file: file)
    let end = try line.integer("end", in: RecordRange.pages, file: file)
    guard first < end else { throw misfit(line) }
    return first..<end
  }

  private mutating func readPages(_ line: RecordLine) throws(DeviceError) {
    var pages = DevicePages(
      device: DeviceID(
        region: try line.integer("region", in: RecordRange.id, file: file),
        namespace: try line.integer("namespace", in: RecordRange.id, file: file)))
    guard (0..<regions).contains(pages.device.region), paged.insert(pages.device).inserted else {
      throw misfit(line)
    }
    pages.pgmapReferences = try line.integer("device", file: file)
    pages.isDying = try flag("dying", line)
    memory.pages.append(pages)
  }

  private mutating func readProvider(_ line: RecordLine) throws(DeviceError) {
    guard let kind = line["kind"].flatMap(DirectAccessDriver.Kind.init(rawValue:)), let name = line["name"]
    else {
      throw misfit(line)
    }
    var provider = DirectAccessDriver(
      name: name, kind: kind, pages: try line.integer("pages", in: 1...1 << 38, file: file),
      pool: try line.integer("pool", file: file))
    provider.sleeps = try line.integer("sleeps", in: RecordRange.counter, file: file)
    provider.calls = try line.integer("calls", in: RecordRange.counter, file: file)
    if line["region"] != nil {
      let device = DeviceID(
        region: try line.integer("region", in: RecordRange.id, file: file),
        namespace: try line.integer("namespace", in: RecordRange.id, file: file))
      guard (0..<regions).contains(device.region) else { throw misfit(line) }
      provider.device = device
    }
    memory.providers.append(provider)
  }

  private mutating func readTransfer(_ line: RecordLine) throws(DeviceError) {
    let transfer = DirectIO(
      id: TransferID(try line.integer("id", in: 1...1 << 30, file: file)), pid: try process(line),
      pin: PinID(try line.integer("pin", file: file)),
      storage: try source(line), offset: try line.integer("offset", in: RecordRange.bytes, file: file),
      length: try line.integer("length", in: RecordRange.bytes, file: file), isRead: try flag("read", line))
    memory.transfers.append(transfer)
  }

  /// A run of a file's pages.
  private mutating func readRun(_ line: RecordLine) throws(DeviceError) {
    let (range, kind) = (try range(line), line.kind)
    let number = kind == "dirty" ? 0 : try line.integer("store", file: file, as: UInt64.self)
    try withLastFile(line) { file in
      switch kind {
      case "expected": file.expected.set(range, number)
      case "copy": file.copies.set(range, number)
      case "dirty": file.dirty.set(range, true)
      default: file.durable.set(range, number)
      }
    }
  }
}
