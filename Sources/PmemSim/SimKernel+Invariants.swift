import PmemDevice

/// What must never be, looked for in a state.
extension SimKernel {
  /// Everything that is wrong now, and what was done wrong on the way here.
  func violations() -> [SimViolation] {
    memory.damages + pinnedBlocks() + sharedBlocks() + strayEntries() + frozenStores() + waits() + counters()
  }

  /// "No block is given to another file while hardware may still write into it" (Matthew Wilcox, 2014-10-08).
  private func pinnedBlocks() -> [SimViolation] {
    var found: [SimViolation] = []
    for pin in memory.pins where !pin.isDangling && !pin.isDRAM {
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
              SimViolation(
                .givenAwayUnderPin,
                "blocks that pin \(pin.id) of process \(pin.pid) holds are \(SimUsage.path(file, on: filesystem).text)'s now"
              ))
          }
          loose = Self.without(block, loose)
        }
      }
      for held in filesystem.held.extents + filesystem.uncommitted.extents {
        for block in pieces(filesystem.volume, [held]) { loose = Self.without(block, loose) }
      }
      if !loose.isEmpty {
        found.append(
          SimViolation(
            .freedUnderPin, "blocks that pin \(pin.id) of process \(pin.pid) holds can be allocated"))
      }
    }
    return found
  }

  private static func without(_ block: SimPin.Piece, _ pieces: [SimPin.Piece]) -> [SimPin.Piece] {
    pieces.flatMap { piece -> [SimPin.Piece] in
      guard piece.region == block.region, piece.namespace == block.namespace else { return [piece] }
      return piece.extent.subtracting(block.extent).map {
        SimPin.Piece(region: piece.region, namespace: piece.namespace, extent: $0)
      }
    }
  }

  private func sharedBlocks() -> [SimViolation] {
    memory.filesystems.flatMap { filesystem -> [SimViolation] in
      let all = filesystem.files.flatMap { file in file.extents.map { (file, $0) } }
        .sorted { $0.1.offset < $1.1.offset }
      return zip(all, all.dropFirst()).compactMap { first, second in
        guard first.1.end > second.1.offset else { return nil }
        return SimViolation(.sharedBlock, "\(first.0.path) and \(second.0.path) have the same block")
      }
    }
  }

  /// Entries for what is behind the end of a file, or of a device that went away.
  private func strayEntries() -> [SimViolation] {
    memory.processes.flatMap { process in
      process.mappings.compactMap { mapping -> SimViolation? in
        guard let last = mapping.populated.extents.last else { return nil }
        if let file = file(mapping.source) {
          let end = file.allocated
          guard mapping.offset + last.end > end else { return nil }
          return SimViolation(
            .strayEntry, "process \(process.pid) has an entry behind the end of \(name(mapping.source))")
        }
        let isGone = namespaces(under: mapping.source.volume).contains { region, id in
          !(regions[region].namespaces.first { $0.id == id }?.isEnabled ?? false)
        }
        return isGone
          ? SimViolation(.strayEntry, "process \(process.pid) has an entry for a device that was taken away")
          : nil
      }
    }
  }

  private func frozenStores() -> [SimViolation] {
    memory.freezes.filter { $0.stores > 0 }.map { freeze in
      SimViolation(
        .storeWhileFrozen, "\(freeze.stores) stores reached \(freeze.volume.word) while it was frozen")
    }
  }

  // MARK: Waiting

  private func waits() -> [SimViolation] {
    let graph = Dictionary(uniqueKeysWithValues: memory.waits.map { ($0.pid, holders(of: $0)) })
    return memory.waits.compactMap { wait in
      let holders = graph[wait.pid] ?? []
      if holders.contains(0) {
        return SimViolation(
          .endlessWait, "process \(wait.pid) waits for a pin that nobody is left to release")
      }
      return reaches(wait.pid, from: holders, graph)
        ? SimViolation(.deadlock, "process \(wait.pid) waits for what waits for it: \(wait.reason)") : nil
    }
  }

  /// Whether everybody who waits for somebody waits, in the end, for `pid`.
  private func reaches(_ pid: Int, from first: Set<Int>, _ graph: [Int: Set<Int>]) -> Bool {
    var seen: Set<Int> = []
    var rest = Array(first)
    while let next = rest.popLast() {
      if next == pid { return true }
      guard seen.insert(next).inserted else { continue }
      rest += graph[next] ?? []
    }
    return false
  }

  // MARK: Counting

  /// The counters of pages are exactly the references that were taken.
  private func counters() -> [SimViolation] {
    let rules = topology.profile.rules
    return memory.pages.compactMap { pages -> SimViolation? in
      var expected = RunMap(SimReferences.none)
      let page = countingPage(pages.region, pages.id)
      for pin in memory.pins where !pin.isDangling {
        for piece in pin.pieces where piece.region == pages.region && piece.namespace == pages.id {
          for (range, bytes) in Self.parts(piece.extent, page: page) {
            let number = Int32(min(pin.kind.count(bytes), 1 << 20))
            expected.update(range) {
              if pin.kind.isPin(rules) { $0.pins &+= number } else { $0.plain &+= number }
            }
          }
        }
      }
      guard expected != pages.references else { return nil }
      return SimViolation(
        .miscounted, "the counters of namespace\(pages.region).\(pages.id) are not what references were taken"
      )
    }
  }
}
