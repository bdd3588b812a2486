import PmemDevice

/// A partition of a namespace's block device: in the kernel's memory alone, as after BLKPG_ADD_PARTITION.
struct SimPartition: Hashable {
  var region: Int
  var id: Int
  /// The N of `pmem0pN`.
  var number: Int
  /// On the block device, bytes: whole sectors of 512.
  var extent: Extent

  var volume: SimVolume { .partition(region: region, id: id, number: number) }
}
