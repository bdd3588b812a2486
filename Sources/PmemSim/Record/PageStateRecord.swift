import PmemDevice
import PmemModel

/// The state of pages, waits, providers and policies as lines of a machine's `runtime` file.
enum PageStateRecord {
  static let kinds: Set<String> = [
    "policy", "store", "pages", "referenced", "content", "provider", "present", "fetching", "transfer",
    "wait", "damage", "held", "uncommitted", "committed", "expected", "copy", "dirty", "promised",
  ]

  static func lines(_ memory: MemoryState) -> [RecordLine] {
    var store = RecordLine("store")
    store.add("next", memory.nextStore)
    let policies = Policy.allCases.compactMap { policy in
      memory.policies.chosen[policy].map { choice in
        var line = RecordLine("policy")
        line.add("name", policy.rawValue)
        line.add("choice", choice)
        return line
      }
    }
    return [store] + policies + memory.pages.flatMap(lines) + memory.providers.flatMap(lines)
      + memory.transfers.map(line) + memory.blockedTasks.map(WaitRecord.line)
      + memory.recordedViolations.map { damage in
        var line = RecordLine("damage")
        line.add("invariant", damage.invariant.rawValue)
        line.add("text", damage.text)
        line.add("subject", damage.subject)
        return line
      }
  }

  private static func line<Value>(_ kind: String, _ run: RunMap<Value>.Run) -> RecordLine {
    var line = RecordLine(kind)
    line.add("first", run.range.lowerBound)
    line.add("end", run.range.upperBound)
    return line
  }

  private static func lines(_ pages: DevicePages) -> [RecordLine] {
    var head = RecordLine("pages")
    head.add("region", pages.device.region)
    head.add("namespace", pages.device.namespace)
    head.add("device", pages.pgmapReferences)
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

  private static func lines(_ provider: DirectAccessDriver) -> [RecordLine] {
    var line = RecordLine("provider")
    line.add("name", provider.name)
    line.add("kind", provider.kind.rawValue)
    line.add("pages", provider.pages)
    line.add("pool", provider.pool)
    line.add("sleeps", provider.sleeps)
    line.add("calls", provider.calls)
    line.add("region", provider.device?.region)
    line.add("namespace", provider.device?.namespace)
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

  private static func line(_ transfer: DirectIO) -> RecordLine {
    var line = RecordLine("transfer")
    line.add("id", transfer.id.rawValue)
    line.add("pid", transfer.pid.rawValue)
    line.add("pin", transfer.pin.rawValue)
    line.add("volume", transfer.storage.volume.word)
    line.add("inode", transfer.storage.inode)
    line.add("offset", transfer.offset)
    line.add("length", transfer.length)
    if transfer.isRead { line.add("read", 1) }
    return line
  }

  // MARK: Of a filesystem

  /// The lines that follow a filesystem's line, except its files.
  static func lines(of filesystem: Filesystem) -> [RecordLine] {
    lines("held", filesystem.held) + lines("uncommitted", filesystem.uncommitted)
  }

  /// The lines that follow a file's line and its extents.
  static func lines(of file: ModelFile) -> [RecordLine] {
    let copies = file.copies.runs.map { run in
      var line = line("copy", run)
      line.add("store", run.value)
      return line
    }
    return numbers("expected", file.expected) + copies + file.dirty.runs.map { line("dirty", $0) }
      + numbers("promised", file.durable)
  }
}
