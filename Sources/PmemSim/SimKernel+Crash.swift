import PmemDevice

/// Commits, and what is left of a filesystem without them.
extension SimKernel {
  /// Commits a filesystem's journal: what was done to its files survives a crash, what they gave back can be allocated.
  func commit(_ volume: SimVolume) throws {
    guard let place = memory.filesystems.firstIndex(where: { $0.volume == volume }) else {
      throw SimFault(22, "there is no filesystem on it")
    }
    memory.filesystems[place].committed = memory.filesystems[place].files.filter { !$0.isDeleted }
    memory.filesystems[place].uncommitted = ExtentSet()
    settle()
  }

  /// The power fails and comes back: processes, pins and what was in DRAM are gone, filesystems are as their journals have
  /// them, not mounted.
  func crash() {
    memory.processes = []
    memory.pins = []
    memory.waits = []
    memory.faults = []
    memory.transfers = []
    memory.freezes = []
    for place in memory.pages.indices {
      memory.pages[place].references = RunMap(.none)
      memory.pages[place].device = 0
      memory.pages[place].isDying = false
    }
    for place in memory.filesystems.indices { recover(place) }
  }

  private func recover(_ place: Int) {
    let filesystem = memory.filesystems[place]
    let promised = Dictionary(
      filesystem.committed.map { ($0.inode, $0.promised) }, uniquingKeysWith: { first, _ in first }
    ).merging(filesystem.files.filter { !$0.promised.isEmpty }.map { ($0.inode, $0.promised) }) { $1 }
    let files = rule(.crashReplaysJournal) ? filesystem.committed : filesystem.files
    memory.filesystems[place].files = files.map { file in
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
      checkPromise(promised[file.inode] ?? file.promised, found, [file.expected, current.expected])
      found.promised = found.expected
      return found
    }
    memory.filesystems[place].committed = memory.filesystems[place].files
    memory.filesystems[place].held = ExtentSet()
    memory.filesystems[place].uncommitted = ExtentSet()
    memory.filesystems[place].isUnclean = true
    memory.filesystems[place].places = []
  }

  /// What fsync said was safe must be there, or what was stored to the file since.
  private func checkPromise(_ promised: RunMap<UInt64>, _ found: SimFile, _ stored: [RunMap<UInt64>]) {
    for wanted in promised.runs {
      for part in found.expected.parts(wanted.range) where part.value != wanted.value {
        let isOwn = stored.contains { stores in
          stores.parts(part.range).allSatisfy { $0.value == part.value }
        }
        guard !isOwn else { continue }
        damage(
          .lostStore,
          "page \(part.range.lowerBound) of \(found.path) was made safe with store \(wanted.value), and has \(part.value) after the crash"
        )
      }
    }
  }
}
