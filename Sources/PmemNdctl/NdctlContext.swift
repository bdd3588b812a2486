import CDaxctl
import CNdctl
import CPmemShims
import Glibc
import PmemDevice

/// A libndctl context: the tree of devices as sysfs shows it, read as it is walked and kept.
///
/// The only owner of the context and of its log. Every other handle of this module is borrowed from the context's tree
/// and is valid only while the context exists; none leaves a closure or method that has it. libndctl caches what it has
/// read, so a change is always followed by a new context.
@safe
final class NdctlContext {
  private let pointer: OpaquePointer
  private let log: OpaquePointer

  /// Opens a context.
  ///
  /// - Parameter verbose: Whether the libraries' debug messages are kept too.
  /// - Throws: ``DeviceError/Code/unsupported`` if the kernel has no libnvdimm.
  init(verbose: Bool) throws(DeviceError) {
    guard unsafe access("/sys/bus/nd", F_OK) == 0 else {
      throw DeviceError(
        .unsupported, "this kernel has no persistent memory support: /sys/bus/nd does not exist",
        details: [
          "libnvdimm is not loaded, or not built; by platform its driver is nfit, nd_e820, virtio_pmem or cxl_pmem",
          "--sim works on a simulated machine",
        ],
        try: ["modprobe nfit", "pmemctl --help"])
    }
    var opened: OpaquePointer?
    let status = unsafe ndctl_new(&opened)
    guard status == 0, let context = unsafe opened else {
      throw DeviceError(.failed, "libndctl cannot be used: \(Self.text(-status))", errno: -status)
    }
    guard let log = unsafe CPmem_log_attach(context, verbose ? LOG_DEBUG : LOG_ERR) else {
      _ = unsafe ndctl_unref(context)
      throw DeviceError(.failed, "out of memory")
    }
    unsafe pointer = context
    unsafe self.log = log
  }

  deinit {
    _ = unsafe ndctl_unref(pointer)
    unsafe CPmem_log_free(log)
  }

  /// The messages of both libraries since the last call, a line each.
  func takeMessages() -> [String] {
    let text = unsafe String(cString: CPmem_log_text(log))
    unsafe CPmem_log_clear(log)
    return text.split(separator: "\n").map(String.init)
  }

  static func text(_ errno: Int32) -> String { unsafe String(cString: strerror(errno)) }

  var buses: [BusHandle] {
    var handles: [BusHandle] = []
    var next = unsafe ndctl_bus_get_first(pointer)
    while let bus = unsafe next {
      handles.append(unsafe BusHandle(bus))
      unsafe next = ndctl_bus_get_next(bus)
    }
    return handles
  }

  /// All DAX regions, also those that belong to no namespace.
  var daxRegions: [DaxRegionHandle] {
    var handles: [DaxRegionHandle] = []
    guard let dax = unsafe ndctl_get_daxctl_ctx(pointer) else { return [] }
    var next = unsafe daxctl_region_get_first(dax)
    while let region = unsafe next {
      handles.append(unsafe DaxRegionHandle(region))
      unsafe next = daxctl_region_get_next(region)
    }
    return handles
  }
}
