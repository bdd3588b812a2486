import PmemDevice

/// The part of a model that decides its future.
///
/// Stores have numbers in the order in which they are performed, and are only compared for equality: they are
/// renumbered in the order in which they are encountered. So are pins, unless a later step names one. Irrelevant are
/// reasons and counters that are for people, recorded violations, and the order in which devices were first used.
extension MemoryModel {
  /// Hashes it: two models with the same hash have the same future, except for the wording of results.
  ///
  /// - Parameters:
  ///   - hasher: Combined into.
  ///   - arePinsNamed: Whether an action to come may name a pin by its number.
  package func hashCanonically(into hasher: inout Hasher, arePinsNamed: Bool = true) {
    hasher.combine(devices)
    hasher.combine(state.processes)
    hasher.combine(state.stacks)
    hasher.combine(state.swaps)
    if arePinsNamed {
      hasher.combine(state.pins)
      hasher.combine(state.nextPin)
      hasher.combine(state.transfers)
    } else {
      hashUnnamedPins(into: &hasher)
    }
    hasher.combine(state.partitions)
    for task in state.blockedTasks {
      hasher.combine(task.pid)
      hasher.combine(task.operation)
      hasher.combine(task.cause)
      hasher.combine(task.endsProcess)
    }
    hasher.combine(state.pageFaults)
    hasher.combine(state.policies)
    for freeze in state.freezes {
      hasher.combine(freeze.volume)
      hasher.combine(freeze.isFilesystem)
      hasher.combine(freeze.policy)
      hasher.combine(freeze.stage)
      hasher.combine(freeze.stores > 0)
    }
    for provider in state.providers {
      hasher.combine(provider.name)
      hasher.combine(provider.kind)
      hasher.combine(provider.pages)
      hasher.combine(provider.present)
      hasher.combine(provider.fetching)
      hasher.combine(provider.pool)
      hasher.combine(provider.device)
    }
    var stores = StoreNumbering()
    for pages in state.pages.sorted(by: { $0.device < $1.device }) where !pages.isUnused {
      hasher.combine(pages.device)
      hasher.combine(pages.references)
      hasher.combine(pages.pgmapReferences)
      hasher.combine(pages.isDying)
      stores.hash(pages.content, into: &hasher)
    }
    for filesystem in state.filesystems { hashCanonically(filesystem, &stores, into: &hasher) }
  }

  /// Pins in the order of what they hold, and transfers by that.
  private func hashUnnamedPins(into hasher: inout Hasher) {
    let pins = state.pins.sorted {
      ($0.pid, $0.address, $0.length, $0.kind.rawValue) < ($1.pid, $1.address, $1.length, $1.kind.rawValue)
    }
    hasher.combine(pins.count)
    for var pin in pins {
      pin.id = 0
      hasher.combine(pin)
    }
    for var transfer in state.transfers {
      hasher.combine(pins.firstIndex { $0.id == transfer.pin })
      transfer.pin = 0
      hasher.combine(transfer)
    }
  }

  private func hashCanonically(
    _ filesystem: Filesystem, _ stores: inout StoreNumbering, into hasher: inout Hasher
  ) {
    hasher.combine(filesystem.volume)
    hasher.combine(filesystem.mountPoints)
    hasher.combine(filesystem.isDAX)
    hasher.combine(filesystem.nextInode)
    hasher.combine(filesystem.held)
    hasher.combine(filesystem.uncommitted)
    hasher.combine(filesystem.isLive)
    hasher.combine(filesystem.size)
    for files in [filesystem.files, filesystem.committed] {
      hasher.combine(files.count)
      for file in files {
        hasher.combine(file.inode)
        hasher.combine(file.number)
        hasher.combine(file.path)
        hasher.combine(file.size)
        hasher.combine(file.extents)
        hasher.combine(file.isDeleted)
        hasher.combine(file.dirty)
        stores.hash(file.expected, into: &hasher)
        stores.hash(file.durable, into: &hasher)
        for run in file.copies.runs {
          hasher.combine(run.range)
          hasher.combine(run.value.map { stores.number(of: $0) })
        }
        hasher.combine(file.copies.runs.count)
      }
    }
  }
}

extension DevicePages {
  fileprivate var isUnused: Bool {
    references.isEmpty && pgmapReferences == 0 && !isDying && content.isEmpty
  }
}

/// Numbers of stores, in the order in which they are encountered; 0 stays 0.
private struct StoreNumbering {
  private var known: [UInt64] = []

  mutating func number(of store: UInt64) -> Int {
    guard store != 0 else { return 0 }
    if let index = known.lastIndex(of: store) { return index + 1 }
    known.append(store)
    return known.count
  }

  mutating func hash(_ map: RunMap<UInt64>, into hasher: inout Hasher) {
    let runs = map.runs
    hasher.combine(runs.count)
    for run in runs {
      hasher.combine(run.range)
      hasher.combine(number(of: run.value))
    }
  }
}
