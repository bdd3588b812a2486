import PmemDevice

/// What a walk of page tables for references came to.
struct SimGrant: Hashable {
  /// References taken, in pages of 4 KiB.
  var pages: UInt64 = 0
  /// Taken without looking twice (fast), and given back when the range turned out not to have all.
  var undone: UInt64 = 0
  /// Atomic operations on pages, and on devices for them.
  var pageOperations: UInt64 = 0
  var deviceOperations: UInt64 = 0
  /// Pages of 4 KiB that were copied to DRAM for it.
  var copied: UInt64 = 0
  var pieces: [SimPin.Piece] = []
  /// Why it ended before its end.
  var fault: SimFault?
}

/// Taking and giving references to pages (mm/gup.c).
extension SimKernel {
  /// What of a namespace counts as one page.
  func countingPage(_ region: Int, _ id: Int) -> UInt64 {
    let claim = regions[region].namespaces.first { $0.id == id }?.claim
    return claim?.kind == .dax ? claim?.align ?? 4096 : 4096
  }

  /// Walks a range and takes a reference to each of its pages, until one is not to be had.
  ///
  /// The fast walk takes those of a page table's leaf before it knows that it gets all of them, and gives them back where it
  /// does not (gup_fast_undo_dev_pagemap); the slow one then takes them one by one.
  ///
  /// - Parameters:
  ///   - pieces: The range, on namespaces, in whole pages of 4 KiB.
  ///   - kind: For whom.
  ///   - leaf: How much an entry of the page table covers, bytes.
  ///   - failing: The page, counted from the first, whose device cannot be had; a test's.
  /// - Returns: What was taken, and why not all.
  func getPages(
    _ pieces: [SimPin.Piece], _ kind: SimPinKind, leaf: UInt64, failing: UInt64? = nil
  ) -> SimGrant {
    var grant = SimGrant()
    for piece in pieces {
      if let fault = refusal(piece) {
        grant.fault = fault
        return grant
      }
      var good = piece.extent.length / 4096
      if let bad = firstBad(piece) {
        good = bad / 4096
        grant.fault = SimFault(133, "the media are bad there")
      }
      if let failing, failing < grant.pages + good {
        good = failing - grant.pages
        grant.fault = SimFault(14, "the page's device cannot be had")
      }
      let whole = SimPin.Piece(
        region: piece.region, namespace: piece.namespace,
        extent: Extent(offset: piece.extent.offset, length: good * 4096))
      if grant.fault != nil {
        let begin = (piece.extent.offset + good * 4096) / leaf * leaf
        let first = max(begin, piece.extent.offset)
        let tried = SimPin.Piece(
          region: piece.region, namespace: piece.namespace,
          extent: Extent(offset: first, length: whole.extent.end - first))
        count(tried, kind, 1, &grant)
        grant.undone += tried.extent.length / 4096
        if rule(.failedGetsAreUndone) { count(tried, kind, -1, &grant) }
      }
      count(whole, kind, 1, &grant)
      grant.pages += good
      if good > 0 { grant.pieces.append(whole) }
      if grant.fault != nil { return grant }
    }
    return grant
  }

  func putPages(_ pieces: [SimPin.Piece], _ kind: SimPinKind) {
    var grant = SimGrant()
    for piece in pieces { count(piece, kind, -1, &grant) }
  }

  /// Why no references are given on a namespace: get_dev_pagemap finds none that is alive.
  private func refusal(_ piece: SimPin.Piece) -> SimFault? {
    let isEnabled = regions[piece.region].namespaces.first { $0.id == piece.namespace }?.isEnabled ?? false
    let isDying = memory.pages(piece.region, piece.namespace).isDying && rule(.dyingDeviceRefuses)
    return isEnabled && !isDying ? nil : SimFault(14, "its device is being taken away")
  }

  /// Adds to the counters of a piece's pages, or takes from them.
  private func count(_ piece: SimPin.Piece, _ kind: SimPinKind, _ sign: Int32, _ grant: inout SimGrant) {
    guard piece.extent.length > 0 else { return }
    let isPin = kind.isPin(topology.profile.rules)
    let reference = rule(.referencesCountDevice) ? policies.pageReference : .none
    let parts = Self.parts(piece.extent, page: countingPage(piece.region, piece.namespace))
    memory.withPages(piece.region, piece.namespace) { pages in
      for (range, bytes) in parts {
        // A counter of the kernel has 32 bits.
        let number = sign &* Int32(min(kind.count(bytes), 1 << 20))
        grant.pageOperations += UInt64(range.count)
        grant.deviceOperations += pages.add(number, to: range, isPin: isPin, reference)
      }
    }
  }

  /// The pages that an extent touches, and how much of each it covers: the first and the last may be touched in part.
  static func parts(_ extent: Extent, page: UInt64) -> [(range: Range<UInt64>, bytes: UInt64)] {
    let first = extent.offset / page
    let last = (extent.end - 1) / page
    guard first < last else { return [(first..<(first + 1), extent.length)] }
    let head = (first + 1) * page - extent.offset
    let tail = extent.end - last * page
    return [
      (first..<(first + 1), head), ((first + 1)..<last, page), (last..<(last + 1), tail),
    ].filter { !$0.range.isEmpty }
  }

  /// What the references that there are make of references to devices, under the policy in force.
  func countDeviceReferences() {
    for place in memory.pages.indices {
      let runs = memory.pages[place].references.runs
      switch policies.pageReference {
      case .none: memory.pages[place].device = 0
      case .eachPage: memory.pages[place].device = runs.reduce(0) { $0 + UInt64($1.range.count) }
      case .eachGet:
        memory.pages[place].device = runs.reduce(0) {
          $0 &+ UInt64($1.range.count) &* UInt64(bitPattern: Int64($1.value.pins &+ $1.value.plain))
        }
      }
    }
  }

  /// Whether there are references to a namespace's pages, by what the kernel looks at when it takes the device away.
  func isReferenced(_ region: Int, _ id: Int) -> Bool {
    let pages = memory.pages(region, id)
    return policies.pageReference == .none || !rule(.referencesCountDevice)
      ? !pages.references.isEmpty : pages.device != 0
  }
}
