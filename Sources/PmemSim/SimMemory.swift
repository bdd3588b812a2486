import PmemDevice

/// What runs on a simulated machine, and what it has of its memory. A boot forgets it.
struct SimMemory: Hashable {
  /// By number.
  var processes: [SimProcess] = []
  var filesystems: [SimFilesystem] = []
  var stacks: [SimStack] = []
  /// Volumes that are swapped to.
  var swaps: [SimVolume] = []
  /// By number.
  var pins: [SimPin] = []
  var nextPin = 1
  var partitions: [SimPartition] = []
  var freezes: [SimFreeze] = []
  var waits: [SimWait] = []
  var faults: [SimFaultInFlight] = []
  var policies = SimPolicies()
  var pages: [SimPages] = []
  var providers: [SimProvider] = []
  /// Direct I/O under way, by number.
  var transfers: [SimIO] = []
  /// The number of the next store.
  var nextStore: UInt64 = 1
  /// What must never be, and was; in order.
  var damages: [SimViolation] = []

  /// How many lines of text describe it, at most.
  var lines: Int {
    processes.reduce(0) {
      $0
        + $1.mappings.reduce(2 + $1.open.count) {
          $0 + $1.populated.extents.count + $1.stored.extents.count + 2
        }
    }
      + filesystems.reduce(0) { $0 + $1.lines }
      + pages.reduce(0) { $0 + 3 * $1.references.runs.count + 3 * $1.content.runs.count + 1 }
      + providers.reduce(0) { $0 + $1.present.extents.count + $1.fetching.extents.count + 1 }
      + transfers.count + damages.count + policies.chosen.count
      + stacks.reduce(0) { $0 + $1.pieces.count + 1 } + swaps.count
      + pins.reduce(0) { $0 + $1.pieces.count + 1 } + partitions.count + freezes.count + waits.count
      + faults.count + 8
  }
}
