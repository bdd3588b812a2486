package import PmemDevice

/// I/O of hardware through pins: neither page tables nor the filesystem are consulted.
extension MemoryModel {
  /// Has hardware write through a pin, to all that is pinned.
  package mutating func writeThroughPin(_ id: PinID) throws(KernelRefusal) {
    guard let pin = state.pins.first(where: { $0.id == id }) else {
      throw KernelRefusal(3, "there is no pin \(id)")
    }
    guard !pin.kind.isTransientKernelReference else {
      throw KernelRefusal(22, "no device writes through the memory of \(pin.kind.rawValue) holds")
    }
    guard !pin.isOnDemand else { return try accessOnDemand(pin) }
    guard pin.isWrite || !rule(.readersOnlyRead) else { return readThroughPin(pin) }
    let number = nextStore()
    if pin.isDRAM {
      // A page that the file has no more is the holder's alone.
      guard let source = pin.source else { return }
      let isNoticed = !rule(.hardwareMakesNoFault)
      withFile(source) { file in
        for part in file.copies.parts(pin.attachedPages) where part.value != nil {
          file.copies.set(part.range, number)
          file.expected.set(part.range, number)
          if isNoticed { file.dirty.set(part.range, true) }
        }
      }
      return
    }
    if pin.isDangling {
      recordViolation(
        .useAfterFree, "hardware writes through pin \(id) to a device that was removed", of: "pin \(id)")
    }
    setMedia(pin.pieces, number)
    for filesystem in state.filesystems {
      for file in filesystem.files { noteWrite(number, through: pin, to: file, filesystem) }
    }
  }

  /// Whether hardware wrote to the file that it was told to write to.
  private mutating func noteWrite(
    _ number: UInt64, through pin: Pin, to file: ModelFile, _ filesystem: Filesystem
  ) {
    let source = MappedObject(volume: filesystem.volume, inode: file.inode)
    var position: UInt64 = 0
    for extent in file.extents {
      for own in pieces(filesystem.volume, [extent]) {
        for held in pin.pieces {
          guard let both = own.intersection(held) else { continue }
          let first = (position + both.offset - own.extent.offset) / 4096
          let pages = first..<(first + both.length / 4096)
          if pin.source == source, pin.pages.overlaps(pages) {
            withFile(source) { $0.expected.set(pages, number) }
          } else {
            let text = "\(Self.pageText(pages)) of \(name(source))"
            recordViolation(
              .foreignWrite, "hardware writes through pin \(pin.id) of process \(pin.pid) into \(text)",
              of: text)
          }
        }
        position += own.extent.length
      }
    }
  }

  /// The device faults the pages in through the process's page table, as the process would
  /// (drivers/infiniband/core/umem_odp.c:ib_umem_odp_map_dma_and_lock).
  private mutating func accessOnDemand(_ pin: Pin) throws(KernelRefusal) {
    let process = try processIndex(pin.pid)
    let index = try mapping(process, at: pin.address)
    let mapping = state.processes[process].mappings[index]
    let begin = pin.address - mapping.start
    let range = begin..<(begin + pin.length)
    guard mapping.source == pin.source, pin.length <= mapping.end - pin.address, isBacked(mapping, range)
    else {
      throw KernelRefusal(14, "its memory is gone: the device ends the request with an error")
    }
    if let wait = obstacle(to: mapping, range, isStore: pin.isWrite) {
      throw KernelRefusal(11, "\(wait.reason): the device's fault waits")
    }
    state.processes[process].mappings[index].populate(range, isStore: pin.isWrite)
    let pages = mapping.sourcePages(range)
    guard pin.isWrite else { return load(mapping.source, pages, isDAX: mapping.isDAX) }
    store(mapping.source, pages, isDAX: mapping.isDAX)
  }

  /// Data sent from pinned pages are read: from a page of the page cache always the holder's, from a block its present
  /// content.
  private mutating func readThroughPin(_ pin: Pin) {
    guard !pin.isDRAM else { return }
    if pin.isDangling {
      recordViolation(
        .useAfterFree, "hardware reads through pin \(pin.id) from a device that was removed",
        of: "pin \(pin.id)")
    }
    for filesystem in state.filesystems {
      for file in filesystem.files {
        let source = MappedObject(volume: filesystem.volume, inode: file.inode)
        guard pin.source != source else { continue }
        let taken = pieces(filesystem.volume, file.extents).contains { own in
          pin.pieces.contains { $0.intersection(own) != nil }
        }
        guard taken else { continue }
        recordViolation(
          .foreignRead, "hardware sends \(name(source)) through pin \(pin.id) of process \(pin.pid)",
          of: name(source))
      }
    }
  }
}
