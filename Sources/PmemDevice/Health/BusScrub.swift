/// The address range scrub of a bus: its platform reads all media, and reports what cannot be read (ACPI 6.5, 9.20.7.2,
/// drivers/acpi/nfit/core.c:acpi_nfit_scrub).
public struct BusScrub: Hashable, Sendable {
  /// Of `ndbusN/nfit/scrub` (acpi/nfit/core.c:scrub_show).
  public enum State: String, CaseIterable, Hashable, Sendable {
    case idle
    /// One is under way, or waits for its turn.
    case active
  }

  /// nil if the bus has no scrub: those of QEMU, e820 and virtio-pmem have none.
  public var state: State?
  /// How many were completed since the driver was loaded; the one at boot is the first.
  public var completed: Int

  public init(state: State?, completed: Int = 0) {
    self.state = state
    self.completed = completed
  }

  /// The answer of a bus without one.
  public static let none = BusScrub(state: nil)
}
