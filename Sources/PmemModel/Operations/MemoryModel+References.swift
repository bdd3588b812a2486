import PmemDevice

/// Taking and giving references to pages (mm/gup.c).
extension MemoryModel {
  /// The size of a page of a namespace.
  package func countingPage(_ device: DeviceID) -> UInt64 {
    self.device(device)?.countingPage ?? 4096
  }

  /// Walks a range and takes a reference to each of its pages, until one is not to be had.
  ///
  /// The fast walk takes the references of a page table's leaf before it knows that it gets all of them, and returns
  /// them if it does not (gup_fast_undo_dev_pagemap); the slow one then takes them one by one.
  ///
  /// - Parameters:
  ///   - pieces: The range, on namespaces, in whole pages of 4 KiB.
  ///   - kind: Their purpose.
  ///   - leaf: How much an entry of the page table covers, bytes.
  ///   - failing: The page, counted from the first, whose device cannot be had; a test's.
  /// - Returns: The references taken, and why not all.
  package mutating func getPages(
    _ pieces: [DeviceExtent], _ kind: PinKind, leaf: UInt64, failing: UInt64? = nil
  ) -> ReferenceGrant {
    var grant = ReferenceGrant()
    for piece in pieces {
      if let fault = refusal(piece) {
        grant.fault = fault
        return grant
      }
      var good = piece.extent.length / 4096
      if let bad = firstBad(piece) {
        good = bad / 4096
        grant.fault = KernelRefusal(133, "the media are bad there")
      }
      if let failing, failing < grant.pages + good {
        good = failing - grant.pages
        grant.fault = KernelRefusal(14, "the page's device cannot be referenced")
      }
      let whole = DeviceExtent(
        device: piece.device, extent: Extent(offset: piece.extent.offset, length: good * 4096))
      if grant.fault != nil {
        let begin = (piece.extent.offset + good * 4096) / leaf * leaf
        let first = max(begin, piece.extent.offset)
        let tried = DeviceExtent(
          device: piece.device, extent: Extent(offset: first, length: whole.extent.end - first))
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

  package mutating func putPages(_ pieces: [DeviceExtent], _ kind: PinKind) {
    var grant = ReferenceGrant()
    for piece in pieces { count(piece, kind, -1, &grant) }
  }

  /// Why no references are given on a namespace: get_dev_pagemap finds none that is alive.
  private func refusal(_ piece: DeviceExtent) -> KernelRefusal? {
    let isDying = state.pages(piece.device).isDying && rule(.dyingDeviceRefuses)
    return isAlive(piece.device) && !isDying ? nil : KernelRefusal(14, "its device is being removed")
  }

  /// Adds to the counters of a piece's pages, or takes from them.
  private mutating func count(
    _ piece: DeviceExtent, _ kind: PinKind, _ sign: Int32, _ grant: inout ReferenceGrant
  ) {
    guard piece.extent.length > 0 else { return }
    let isPin = kind.isPin(rules)
    let reference = rule(.referencesCountDevice) ? policies.pageReference : .none
    let parts = Self.parts(piece.extent, page: countingPage(piece.device))
    state.withPages(piece.device) { pages in
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

  /// The references to devices that follow from the references to pages, under the policy in force.
  package mutating func countDeviceReferences() {
    for index in state.pages.indices {
      let runs = state.pages[index].references.runs
      switch policies.pageReference {
      case .none: state.pages[index].pgmapReferences = 0
      case .eachPage: state.pages[index].pgmapReferences = runs.reduce(0) { $0 + UInt64($1.range.count) }
      case .eachGet:
        state.pages[index].pgmapReferences = runs.reduce(0) {
          $0 &+ UInt64($1.range.count) &* UInt64(bitPattern: Int64($1.value.pins &+ $1.value.plain))
        }
      }
    }
  }

  /// Whether there are references to a namespace's pages, by what the kernel looks at when it takes the device away.
  package func isReferenced(_ device: DeviceID) -> Bool {
    let pages = state.pages(device)
    return policies.pageReference == .none || !rule(.referencesCountDevice)
      ? !pages.references.isEmpty : pages.pgmapReferences != 0
  }

  /// Takes and gives back a reference to one page of a device, many times; for measuring.
  package mutating func getAndPut(_ device: DeviceID, page: UInt64, times: Int) {
    let reference = policies.pageReference
    state.withPages(device) { pages in
      for _ in 0..<times {
        _ = pages.add(1, to: page..<(page + 1), isPin: true, reference)
        _ = pages.add(-1, to: page..<(page + 1), isPin: true, reference)
      }
    }
  }
}
