import CPmemShims
import Glibc

/// The kernel's events of devices (lib/kobject_uevent.c), heard through a netlink socket.
public final class DeviceEvents {
  private let socket: OpaquePointer?

  /// Without a socket, as in some containers, ``wait(seconds:)`` only waits.
  public init() { socket = CPmem_events_open() }

  deinit { if let socket { CPmem_events_close(socket) } }

  /// Waits for an event of persistent memory, but no longer than so many seconds. After one it waits for the others that
  /// come with it.
  public func wait(seconds: Double) {
    let milliseconds = Int32(min(seconds, 86_400) * 1000)
    guard let socket else {
      usleep(UInt32(milliseconds) * 1000)
      return
    }
    _ = CPmem_events_wait(socket, milliseconds)
  }
}
