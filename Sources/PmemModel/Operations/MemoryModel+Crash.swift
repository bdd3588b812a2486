import PmemDevice

/// The state of a machine after a power failure.
extension MemoryModel {
  /// The power fails and returns: processes, pins and DRAM are lost, filesystems are as their journals have them, not
  /// mounted.
  package mutating func crash() {
    state.processes = []
    state.pins = []
    state.blockedTasks = []
    state.pageFaults = []
    state.transfers = []
    state.freezes = []
    for index in state.pages.indices {
      state.pages[index].references = RunMap(.none)
      state.pages[index].pgmapReferences = 0
      state.pages[index].isDying = false
    }
    for index in state.filesystems.indices { recover(index) }
  }

  private mutating func recover(_ index: Int) {
    let filesystem = state.filesystems[index]
    let promised = Dictionary(
      filesystem.committed.map { ($0.inode, $0.durable) }, uniquingKeysWith: { first, _ in first }
    ).merging(filesystem.files.filter { !$0.durable.isEmpty }.map { ($0.inode, $0.durable) }) { $1 }
    let files = rule(.crashReplaysJournal) ? filesystem.committed : filesystem.files
    state.filesystems[index].files = files.map { file in
      var found = file
      found.copies = RunMap(nil)
      found.dirty = RunMap(false)
      found.expected = RunMap(0)
      for (run, extent) in file.runs(0..<UInt64.max) {
        for part in media(filesystem.volume, extent) where part.value != 0 {
          found.expected.set(
            (run.lowerBound + part.range.lowerBound)..<(run.lowerBound + part.range.upperBound), part.value)
        }
      }
      let current = filesystem.file(file.inode) ?? file
      checkPromise(promised[file.inode] ?? file.durable, found, [file.expected, current.expected])
      found.durable = found.expected
      return found
    }
    for lost in filesystem.files where !lost.durable.isEmpty && !lost.isDeleted {
      guard !files.contains(where: { $0.inode == lost.inode }) else { continue }
      recordViolation(
        .lostStore, "\(lost.path) was durable, and does not exist after the crash", of: lost.path)
    }
    state.filesystems[index].committed = state.filesystems[index].files
    state.filesystems[index].held = ExtentSet()
    state.filesystems[index].uncommitted = ExtentSet()
    state.filesystems[index].isLive = false
    state.filesystems[index].mountPoints = []
  }

  /// Durable stores must be on the media, or later stores to the file.
  private mutating func checkPromise(
    _ promised: RunMap<UInt64>, _ found: ModelFile, _ stored: [RunMap<UInt64>]
  ) {
    for wanted in promised.runs {
      for part in found.expected.parts(wanted.range) where part.value != wanted.value {
        let isOwn = stored.contains { stores in
          stores.parts(part.range).allSatisfy { $0.value == part.value }
        }
        guard !isOwn else { continue }
        let text = "\(Self.pageText(part.range)) of \(found.path)"
        recordViolation(
          .lostStore,
          "\(text) was durable with store \(wanted.value), and has \(part.value) after the crash", of: text)
      }
    }
  }
}
