import CNdctl
import Glibc
import PmemDevice

/// Injected errors (ACPI 6.5, 9.20.7.9 to 9.20.7.11). The library counts blocks of 512 bytes from the start of the data, and
/// by itself poisons the first unit of each block alone.
extension NamespaceHandle {
  private static let block: UInt64 = 512
  private static let whole = UInt32(1) << NDCTL_NS_INJECT_SATURATE.rawValue
  private static let notify = UInt32(1) << NDCTL_NS_INJECT_NOTIFY.rawValue

  func injectErrors(_ extent: Extent, isSilent: Bool) -> Int32 {
    unsafe ndctl_namespace_inject_error2(
      pointer, extent.offset / Self.block, extent.length / Self.block,
      isSilent ? Self.whole : Self.whole | Self.notify)
  }

  func withdrawErrors(_ extent: Extent) -> Int32 {
    unsafe ndctl_namespace_uninject_error2(
      pointer, extent.offset / Self.block, extent.length / Self.block, Self.whole)
  }

  /// - Throws: The error of the command, which only root may give.
  func injectedErrors() throws(RawModeError) -> [Extent] {
    let status = unsafe ndctl_namespace_injection_status(pointer)
    guard status >= 0 else { throw RawModeError(-status) }
    var extents: [Extent] = []
    var next = unsafe ndctl_namespace_injection_get_first_bb(pointer)
    while let bad = unsafe next {
      extents.append(
        Extent(
          offset: unsafe ndctl_bb_get_block(bad) * Self.block,
          length: unsafe ndctl_bb_get_count(bad) * Self.block))
      unsafe next = ndctl_namespace_injection_get_next_bb(pointer, bad)
    }
    return extents.sorted { $0.offset < $1.offset }
  }
}
