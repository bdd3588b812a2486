import PmemDevice

/// Searches a state for violations of invariants.
extension MemoryModel {
  /// Everything that is wrong now, and what was done wrong on the way here.
  public func violations() -> [Violation] {
    state.recordedViolations + pinnedBlocks() + sharedBlocks() + strayEntries() + waits() + counters()
  }

  /// "No block is given to another file while hardware may still write into it" (Matthew Wilcox, 2014-10-08).
  private func pinnedBlocks() -> [Violation] {
    var found: [Violation] = []
    for pin in state.pins where !pin.isDangling && !pin.isDRAM {
      guard let source = pin.source, source.inode != nil, let filesystem = filesystem(source.volume) else {
        continue
      }
      var loose = pin.pieces
      for file in filesystem.files {
        let isOwn = file.inode == source.inode
        for block in pieces(filesystem.volume, file.extents) {
          guard pin.pieces.contains(where: { $0.intersection(block) != nil }) else { continue }
          if !isOwn {
            found.append(
              Violation(
                .givenAwayUnderPin,
                "blocks that pin \(pin.id) of process \(pin.pid) holds are \(filesystem.path(of: file))'s now",
                of: "pin \(pin.id), \(file.path)"))
          }
          loose = Self.without(block, loose)
        }
      }
      // Blocks freed by the commit are not kept for the pin.
      let kept =
        filesystem.held.extents + (policies.truncate == .delayFree ? filesystem.uncommitted.extents : [])
      for held in kept {
        for block in pieces(filesystem.volume, [held]) { loose = Self.without(block, loose) }
      }
      if !loose.isEmpty {
        found.append(
          Violation(
            .freedUnderPin, "blocks that pin \(pin.id) of process \(pin.pid) holds can be allocated",
            of: "pin \(pin.id)"))
      }
    }
    return found
  }

  private static func without(_ block: DeviceExtent, _ pieces: [DeviceExtent]) -> [DeviceExtent] {
    pieces.flatMap { piece -> [DeviceExtent] in
      guard piece.device == block.device else { return [piece] }
      return piece.extent.subtracting(block.extent).map {
        DeviceExtent(device: piece.device, extent: $0)
      }
    }
  }

  private func sharedBlocks() -> [Violation] {
    state.filesystems.flatMap { filesystem -> [Violation] in
      let all = filesystem.files.flatMap { file in file.extents.map { (file, $0) } }
        .sorted { $0.1.offset < $1.1.offset }
      return zip(all, all.dropFirst()).compactMap { first, second in
        guard first.1.end > second.1.offset else { return nil }
        return Violation(.sharedBlock, "\(first.0.path) and \(second.0.path) have the same block")
      }
    }
  }

  /// Entries for what is behind the end of a file, or of a device that went away.
  private func strayEntries() -> [Violation] {
    state.processes.flatMap { process in
      process.mappings.compactMap { mapping -> Violation? in
        guard let last = mapping.presentPTEs.extents.last else { return nil }
        if let file = file(mapping.source) {
          let end = file.allocated
          guard mapping.offset + last.end > end else { return nil }
          return Violation(
            .strayEntry, "process \(process.pid) has an entry beyond the end of \(name(mapping.source))")
        }
        let isGone = devices(under: mapping.source.volume).contains { !isAlive($0) }
        return isGone
          ? Violation(.strayEntry, "process \(process.pid) has an entry for a device that was removed")
          : nil
      }
    }
  }

  // MARK: Waiting

  private func waits() -> [Violation] {
    let graph = Dictionary(
      uniqueKeysWithValues: state.blockedTasks.map { ($0.pid, blockers(of: $0, mustRun: true)) })
    return state.blockedTasks.compactMap { wait in
      let holders = graph[wait.pid] ?? []
      if holders.contains(0) {
        return Violation(
          .endlessWait, "process \(wait.pid) waits for a pin that no process is left to release",
          of: "process \(wait.pid)")
      }
      return reaches(wait.pid, from: holders, graph)
        ? Violation(
          .deadlock, "process \(wait.pid) waits for a process that waits for it: \(wait.reason)",
          of: "process \(wait.pid)") : nil
    }
  }

  /// Whether all blocked processes wait, in the end, for `pid`.
  private func reaches(_ pid: ProcessID, from first: Set<ProcessID>, _ graph: [ProcessID: Set<ProcessID>])
    -> Bool
  {
    var seen: Set<ProcessID> = []
    var rest = Array(first)
    while let next = rest.popLast() {
      if next == pid { return true }
      guard seen.insert(next).inserted else { continue }
      rest += graph[next] ?? []
    }
    return false
  }

  // MARK: Counting

  /// The counters of pages equal the references that were taken.
  private func counters() -> [Violation] {
    let rules = rules
    return state.pages.compactMap { pages -> Violation? in
      var expected = RunMap(PageReferences.none)
      let page = countingPage(pages.device)
      for pin in state.pins where !pin.isDangling {
        for piece in pin.pieces where piece.device == pages.device {
          for (range, bytes) in Self.parts(piece.extent, page: page) {
            let number = Int32(min(pin.kind.count(bytes), 1 << 20))
            expected.update(range) {
              if pin.kind.isPin(rules) { $0.pins &+= number } else { $0.plain &+= number }
            }
          }
        }
      }
      guard expected != pages.references else { return nil }
      return Violation(
        .miscounted, "the counters of \(pages.device) differ from the references taken")
    }
  }
}
