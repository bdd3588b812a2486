package import PmemDevice

/// A partition of a namespace's block device: in the kernel's memory alone, as after BLKPG_ADD_PARTITION.
package struct Partition: Hashable, Sendable {
  package var disk: DeviceID
  /// The N of `pmem0pN`.
  package var number: Int
  /// On the block device, bytes: whole sectors of 512.
  package var extent: Extent

  package init(disk: DeviceID, number: Int, extent: Extent) {
    self.disk = disk
    self.number = number
    self.extent = extent
  }

  package var volume: Volume { .partition(disk, number: number) }
}
