/// State of libnvdimm that is not on the media: which devices exist, which are enabled, which is the next seed. A reboot,
/// or a crash, discards it.
struct NvdimmState: Equatable {
  /// Of drivers/cxl, whose regions have the numbers behind the platform's.
  var cxl = CxlState()
  /// By number.
  var regions: [SimRegion] = []
  /// DIMMs that have had a valid index block since the boot (NDD_LABELING): the kernel never clears it.
  var labeling: Set<Int> = []
  /// DIMMs whose driver is unbound.
  var disabledDimms: Set<Int> = []
  /// DIMMs that have a passphrase and are unlocked, until the next power cycle.
  var openDimms: Set<Int> = []
  /// DIMMs whose security is frozen, until the next power cycle.
  var frozenDimms: Set<Int> = []
  /// The scrubs of its bus, since the boot.
  var scrub = ScrubState()
}

/// Scrubs of a simulated machine.
struct ScrubState: Equatable {
  /// Seconds since 1970 at which the running one began; nil if none is running.
  var since: UInt64?
  var completed = 0
}
