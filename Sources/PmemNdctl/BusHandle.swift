import CNdctl
import PmemDevice

/// A bus in a context's tree.
@safe
struct BusHandle {
  private let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }

  var dev: String { unsafe text(ndctl_bus_get_devname(pointer)) ?? "" }

  /// Waits until every driver that the kernel is binding or unbinding in the background is done.
  func settle() { _ = unsafe ndctl_bus_wait_probe(pointer) }

  var dimms: [DimmHandle] {
    var handles: [DimmHandle] = []
    var next = unsafe ndctl_dimm_get_first(pointer)
    while let dimm = unsafe next {
      handles.append(unsafe DimmHandle(dimm))
      unsafe next = ndctl_dimm_get_next(dimm)
    }
    return handles
  }

  var regions: [RegionHandle] {
    var handles: [RegionHandle] = []
    var next = unsafe ndctl_region_get_first(pointer)
    while let region = unsafe next {
      handles.append(unsafe RegionHandle(region))
      unsafe next = ndctl_region_get_next(region)
    }
    return handles
  }

  func snapshot(_ depth: InventoryDepth) -> Bus {
    Bus(
      dev: dev, provider: unsafe text(ndctl_bus_get_provider(pointer)) ?? "", scrubState: scrubState,
      dimms: dimms.map { $0.snapshot(depth) }.sorted { Self.number($0.dev) < Self.number($1.dev) },
      regions: regions.map { $0.snapshot() }.sorted { $0.id < $1.id })
  }

  private var scrubState: String? {
    switch unsafe ndctl_bus_get_scrub_state(pointer) {
    case ..<0: nil
    case 0: "idle"
    default: "active"
    }
  }

  static func number(_ name: String) -> Int { Int(name.drop { !$0.isNumber }) ?? 0 }
}

/// A C string that may be missing.
func text(_ pointer: UnsafePointer<CChar>?) -> String? {
  guard let pointer = unsafe pointer else { return nil }
  return unsafe String(cString: pointer)
}

/// What libndctl returns instead of a number: all bits set.
func number(_ value: UInt64) -> UInt64? { value == .max ? nil : value }
