import PmemDevice

/// The state of pages, waits, providers and policies as lines of a machine's `runtime` file.
enum SimModelRecord {
  static let kinds: Set<String> = [
    "policy", "store", "pages", "referenced", "content", "provider", "present", "fetching", "transfer",
    "wait", "damage", "held", "uncommitted", "committed", "expected", "copy", "dirty", "promised",
  ]

  static func lines(_ memory: SimMemory) -> [RecordLine] {
    var store = RecordLine("store")
    store.add("next", memory.nextStore)
    let policies = SimPolicy.allCases.compactMap { policy in
      memory.policies.chosen[policy].map { choice in
        var line = RecordLine("policy")
        line.add("name", policy.rawValue)
        line.add("choice", choice)
        return line
      }
    }
    return [store] + policies + memory.pages.flatMap(lines) + memory.providers.flatMap(lines)
      + memory.transfers.map(line) + memory.waits.map(line)
      + memory.damages.map { damage in
        var line = RecordLine("damage")
        line.add("invariant", damage.invariant.rawValue)
        line.add("text", damage.text)
        return line
      }
  }

  private static func line<Value>(_ kind: String, _ run: RunMap<Value>.Run) -> RecordLine {
    var line = RecordLine(kind)
    line.add("first", run.range.lowerBound)
    line.add("end", run.range.upperBound)
    return line
  }

  private static func lines(_ pages: SimPages) -> [RecordLine] {
    var head = RecordLine("pages")
    head.add("region", pages.region)
    head.add("namespace", pages.id)
    head.add("device", pages.device)
    if pages.isDying { head.add("dying", 1) }
    let references = pages.references.runs.map { run in
      var line = line("referenced", run)
      line.add("pins", run.value.pins)
      line.add("plain", run.value.plain)
      return line
    }
    return [head] + references + numbers("content", pages.content)
  }

  private static func numbers(_ kind: String, _ map: RunMap<UInt64>) -> [RecordLine] {
    map.runs.map { run in
      var line = line(kind, run)
      line.add("store", run.value)
      return line
    }
  }

  private static func lines(_ provider: SimProvider) -> [RecordLine] {
    var line = RecordLine("provider")
    line.add("name", provider.name)
    line.add("kind", provider.kind.rawValue)
    line.add("pages", provider.pages)
    line.add("pool", provider.pool)
    line.add("sleeps", provider.sleeps)
    line.add("calls", provider.calls)
    return [line] + lines("present", provider.present) + lines("fetching", provider.fetching)
  }

  private static func lines(_ kind: String, _ set: ExtentSet) -> [RecordLine] {
    set.extents.map { extent in
      var line = RecordLine(kind)
      line.add("offset", extent.offset)
      line.add("length", extent.length)
      return line
    }
  }

  private static func line(_ transfer: SimIO) -> RecordLine {
    var line = RecordLine("transfer")
    line.add("id", transfer.id)
    line.add("pid", transfer.pid)
    line.add("pin", transfer.pin)
    line.add("volume", transfer.storage.volume.word)
    line.add("inode", transfer.storage.inode)
    line.add("offset", transfer.offset)
    line.add("length", transfer.length)
    if transfer.isRead { line.add("read", 1) }
    return line
  }

  private static func line(_ wait: SimWait) -> RecordLine {
    var line = RecordLine("wait")
    line.add("pid", wait.pid)
    line.add("reason", wait.reason)
    if !wait.isKillable { line.add("unkillable", 1) }
    switch wait.operation {
    case .access(let address, let length, let isStore):
      line.add("for", "access")
      line.add("address", address)
      line.add("length", length)
      line.add("store", isStore ? 1 : 0)
    case .truncate(let source, let size):
      line.add("for", "truncate")
      add(source, to: &line)
      line.add("size", size)
    case .evict(let source):
      line.add("for", "evict")
      add(source, to: &line)
    case .writeback(let source, let isSync):
      line.add("for", "writeback")
      add(source, to: &line)
      line.add("sync", isSync ? 1 : 0)
    case .unbind(let region, let id):
      line.add("for", "unbind")
      line.add("region", region)
      line.add("namespace", id)
    case .directAccess(let provider, let page, let pages):
      line.add("for", "direct-access")
      line.add("provider", provider)
      line.add("first", page)
      line.add("pages", pages)
    }
    return line
  }

  private static func add(_ source: SimSource, to line: inout RecordLine) {
    line.add("volume", source.volume.word)
    line.add("inode", source.inode)
  }

  // MARK: Of a filesystem

  /// What follows a filesystem's line, but for its files.
  static func lines(of filesystem: SimFilesystem) -> [RecordLine] {
    lines("held", filesystem.held) + lines("uncommitted", filesystem.uncommitted)
  }

  /// What follows a file's line and its extents.
  static func lines(of file: SimFile) -> [RecordLine] {
    let copies = file.copies.runs.map { run in
      var line = line("copy", run)
      line.add("store", run.value)
      return line
    }
    return numbers("expected", file.expected) + copies + file.dirty.runs.map { line("dirty", $0) }
      + numbers("promised", file.promised)
  }
}

extension SimMemoryReader {
  /// Reads what ``SimModelRecord`` wrote.
  mutating func readModel(_ line: RecordLine) throws(DeviceError) {
    switch line.kind {
    case "store": memory.nextStore = try line.integer("next", file: file)
    case "policy":
      guard let policy = line["name"].flatMap(SimPolicy.init(rawValue:)), let choice = line["choice"],
        policy.choices.contains(choice)
      else { throw misfit(line) }
      do { try memory.policies.choose(policy, choice) } catch { throw misfit(line) }
    case "pages": try readPages(line)
    case "referenced":
      let references = SimReferences(
        pins: try line.integer("pins", file: file), plain: try line.integer("plain", file: file))
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
    let first = try line.integer("first", file: file, as: UInt64.self)
    let end = try line.integer("end", file: file, as: UInt64.self)
    guard first < end, end <= 1 << 38 else { throw misfit(line) }
    return first..<end
  }

  private mutating func readPages(_ line: RecordLine) throws(DeviceError) {
    var pages = SimPages(
      region: try line.integer("region", file: file), id: try line.integer("namespace", file: file))
    guard (0..<regions).contains(pages.region), pages.id >= 0,
      !memory.pages.contains(where: { $0.region == pages.region && $0.id == pages.id })
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
      name: name, kind: kind, pages: try line.integer("pages", file: file),
      pool: try line.integer("pool", file: file))
    guard provider.pages > 0, provider.pages <= 1 << 38 else { throw misfit(line) }
    provider.sleeps = try line.integer("sleeps", file: file)
    provider.calls = try line.integer("calls", file: file)
    memory.providers.append(provider)
  }

  private mutating func readTransfer(_ line: RecordLine) throws(DeviceError) {
    let transfer = SimIO(
      id: try line.integer("id", file: file), pid: try process(line),
      pin: try line.integer("pin", file: file),
      storage: try source(line), offset: try line.integer("offset", file: file),
      length: try line.integer("length", file: file), isRead: try flag("read", line))
    guard (1...1 << 30).contains(transfer.id), transfer.offset <= 1 << 50, transfer.length <= 1 << 50 else {
      throw misfit(line)
    }
    memory.transfers.append(transfer)
  }

  private mutating func readWait(_ line: RecordLine) throws(DeviceError) {
    let operation: SimOperation
    switch line["for"] {
    case "access":
      operation = .access(
        address: try line.integer("address", file: file), length: try line.integer("length", file: file),
        isStore: try flag("store", line))
    case "truncate":
      let size = try line.integer("size", file: file, as: UInt64.self)
      guard size <= 1 << 50 else { throw misfit(line) }
      operation = .truncate(try source(line), size: size)
    case "evict": operation = .evict(try source(line))
    case "writeback": operation = .writeback(try source(line), isSync: try flag("sync", line))
    case "unbind":
      let region = try line.integer("region", file: file, as: Int.self)
      guard (0..<regions).contains(region) else { throw misfit(line) }
      operation = .unbind(region: region, id: try line.integer("namespace", file: file))
    case "direct-access":
      operation = .directAccess(
        provider: line["provider"] ?? "", page: try line.integer("first", file: file),
        pages: try line.integer("pages", file: file))
    default: throw misfit(line)
    }
    memory.waits.append(
      SimWait(
        pid: try process(line), operation: operation, reason: line["reason"] ?? "",
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
