import SystemPackage

/// What tells one boot of this host from another (drivers/char/random.c: boot_id).
public enum BootIdentity {
  /// nil if /proc cannot be read.
  public static var current: String? {
    KernelFile.line(FilePath("/proc/sys/kernel/random/boot_id"))
  }
}
