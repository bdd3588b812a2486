import PmemDevice

extension SimMemoryReader {
  /// Reads what ``SimModelRecord`` wrote.
  mutating func readModel(_ line: RecordLine) throws(DeviceError) {
    switch line.kind {
    case "store": memory.nextStore = try line.integer("next", in: RecordRange.counter, file: file)
    case "policy":
      guard let policy = line["name"].flatMap(SimPolicy.init(rawValue:)), let choice = line["choice"],
        policy.choices.contains(choice)
      else { throw misfit(line) }
      do { try memory.policies.choose(policy, choice) } catch { throw misfit(line) }
    case "pages": try readPages(line)
    case "referenced":
      let references = SimReferences(
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
      guard let invariant = line["invariant"].flatMap(SimInvariant.init(rawValue:)) else {
        throw misfit(line)
      }
      memory.damages.append(SimViolation(invariant, line["text"] ?? ""))
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
    var pages = SimPages(
      region: try line.integer("region", in: RecordRange.id, file: file),
      id: try line.integer("namespace", in: RecordRange.id, file: file))
    guard (0..<regions).contains(pages.region),
      paged.insert(.namespace(region: pages.region, id: pages.id)).inserted
    else { throw misfit(line) }
    pages.device = try line.integer("device", file: file)
    pages.isDying = try flag("dying", line)
    memory.pages.append(pages)
  }

  private mutating func readProvider(_ line: RecordLine) throws(DeviceError) {
    guard let kind = line["kind"].flatMap(SimProvider.Kind.init(rawValue:)), let name = line["name"] else {
      throw misfit(line)
    }
    var provider = SimProvider(
      name: name, kind: kind, pages: try line.integer("pages", in: 1...1 << 38, file: file),
      pool: try line.integer("pool", file: file))
    provider.sleeps = try line.integer("sleeps", in: RecordRange.counter, file: file)
    provider.calls = try line.integer("calls", in: RecordRange.counter, file: file)
    memory.providers.append(provider)
  }

  private mutating func readTransfer(_ line: RecordLine) throws(DeviceError) {
    let transfer = SimIO(
      id: try line.integer("id", in: 1...1 << 30, file: file), pid: try process(line),
      pin: try line.integer("pin", file: file),
      storage: try source(line), offset: try line.integer("offset", in: RecordRange.bytes, file: file),
      length: try line.integer("length", in: RecordRange.bytes, file: file), isRead: try flag("read", line))
    memory.transfers.append(transfer)
  }

  private mutating func readWait(_ line: RecordLine) throws(DeviceError) {
    let operation: SimOperation
    switch line["for"] {
    case "access":
      operation = .access(
        address: try line.integer("address", in: RecordRange.address, file: file),
        length: try line.integer("length", in: RecordRange.bytes, file: file),
        isStore: try flag("store", line))
    case "truncate":
      let size = try line.integer("size", in: RecordRange.bytes, file: file)
      operation = .truncate(try source(line), size: size)
    case "evict": operation = .evict(try source(line))
    case "writeback": operation = .writeback(try source(line), isSync: try flag("sync", line))
    case "unbind":
      let region = try line.integer("region", file: file, as: Int.self)
      guard (0..<regions).contains(region) else { throw misfit(line) }
      operation = .unbind(region: region, id: try line.integer("namespace", in: RecordRange.id, file: file))
    case "direct-access":
      operation = .directAccess(
        provider: line["provider"] ?? "", page: try line.integer("first", in: RecordRange.pages, file: file),
        pages: try line.integer("pages", in: RecordRange.pages, file: file))
    default: throw misfit(line)
    }
    let pid = try process(line)
    guard waiting.insert(pid).inserted else { throw misfit(line) }
    memory.waits.append(
      SimWait(
        pid: pid, operation: operation, reason: line["reason"] ?? "",
        isKillable: try !flag("unkillable", line)))
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
      default: file.promised.set(range, number)
      }
    }
  }
}
