import CPmemShims
import Glibc

/// The kernel's events of devices (lib/kobject_uevent.c), heard through a netlink socket, and what DIMMs announce
/// (drivers/acpi/nfit/core.c:__acpi_nvdimm_notify).
public final class DeviceEvents {
  /// What ended a wait.
  public enum Wakeup: Hashable, Sendable {
    case timeout
    /// Devices came, went or changed.
    case devices
    /// These DIMMs, by kernel name, announced something: an alarm, or their health.
    case dimms([String])
  }

  private let events: OpaquePointer?
  private var watched: [(dimm: String, index: Int32)] = []

  /// Where sysfs works but sockets do not, as in some containers, devices that come and go end no wait.
  public init() { events = CPmem_events_open() }

  deinit { if let events { CPmem_events_close(events) } }

  /// Watches DIMMs by kernel name too. Those of families that announce nothing, and those that are watched already, are
  /// passed over.
  public func watch(dimms: [String]) {
    guard let events else { return }
    for dimm in dimms where !watched.contains(where: { $0.dimm == dimm }) {
      for family in ["nfit", "papr"] {
        let index = CPmem_events_watch(events, "/sys/bus/nd/devices/\(dimm)/\(family)/flags")
        guard index > 0 else { continue }
        watched.append((dimm, index))
        break
      }
    }
  }

  /// Waits for an event of persistent memory. After one of devices it waits for the others that come with it.
  ///
  /// - Parameter seconds: How long at most; nil for ever.
  /// - Returns: What ended the wait.
  @discardableResult public func wait(seconds: Double?) -> Wakeup {
    let milliseconds = seconds.map { Int32(min($0, 86_400) * 1000) } ?? -1
    guard let events else {
      usleep(UInt32(max(milliseconds, 1000)) * 1000)
      return .timeout
    }
    let result = CPmem_events_wait(events, milliseconds)
    guard result > 0 else { return .timeout }
    let notified = watched.filter { CPmem_events_is_notified(events, $0.index) != 0 }.map(\.dimm)
    return notified.isEmpty ? .devices : .dimms(notified)
  }
}
