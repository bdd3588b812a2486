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
