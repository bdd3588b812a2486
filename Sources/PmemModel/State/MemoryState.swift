import PmemDevice

/// The processes of a simulated machine, and their state. A boot discards it.
package struct MemoryState: Hashable, Sendable {
  /// By number.
  package var processes: [ModelProcess] = []
  package var filesystems: [Filesystem] = []
  package var stacks: [StackedDevice] = []
  /// Volumes that are swapped to.
  package var swaps: [Volume] = []
  /// By number.
  package var pins: [Pin] = []
  package var nextPin = 1
  package var partitions: [Partition] = []
  package var freezes: [Freeze] = []
  package var blockedTasks: [BlockedTask] = []
  package var pageFaults: [PageFault] = []
  package var policies = PolicyChoices()
  package var pages: [DevicePages] = []
  package var providers: [DirectAccessDriver] = []
  /// Direct I/O under way, by number.
  package var transfers: [DirectIO] = []
  /// The number of the next store.
  package var nextStore: UInt64 = 1
  /// Violations of invariants, in order.
  package var recordedViolations: [Violation] = []

  package init() {}

  /// How many lines of text describe it, at most.
  package var lines: Int {
    processes.reduce(0) {
      $0
        + $1.mappings.reduce(2 + $1.open.count) {
          $0 + $1.presentPTEs.extents.count + $1.writablePTEs.extents.count
            + $1.anonymous.extents.count + 2
        }
    }
      + filesystems.reduce(0) { $0 + $1.lines }
      + pages.reduce(0) { $0 + 3 * $1.references.runs.count + 3 * $1.content.runs.count + 1 }
      + providers.reduce(0) { $0 + $1.present.extents.count + $1.fetching.extents.count + 1 }
      + transfers.count + recordedViolations.count + policies.chosen.count
      + stacks.reduce(0) { $0 + $1.pieces.count + 1 } + swaps.count
      + pins.reduce(0) { $0 + $1.pieces.count + 1 } + partitions.count + freezes.count + blockedTasks.count
      + pageFaults.count + 8
  }
}
