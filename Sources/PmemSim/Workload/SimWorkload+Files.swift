public import PmemDevice
public import PmemModel

/// Filesystems and their files.
extension SimWorkload {
  /// Mounts the filesystem on a block device, or creates an empty one if there is none; a mounted one gets one more
  /// mount point. It exists in the machine's memory alone, and a boot discards it.
  ///
  /// - Parameters:
  ///   - device: By any name.
  ///   - mountPoint: An absolute path.
  ///   - type: `ext4` or `xfs`.
  ///   - isDAX: With `dax=always`.
  ///   - isNew: Whether to make an empty one, whatever is there.
  /// - Throws: The kernel's error, with its reason.
  public func mount(
    _ device: String, on mountPoint: String, type: String, isDAX: Bool, isNew: Bool = false
  ) throws(DeviceError) {
    let volume = try volume(device)
    try perform(
      .mount(volume, mountPoint: mountPoint, type: type, isDAX: isDAX, isNew: isNew),
      "mount \(device) on \(mountPoint)")
  }

  /// - Parameters:
  ///   - mountPoint: Its mount point.
  ///   - isLazy: Also while files are in use.
  ///   - pid: The process that does it, and waits as in the kernel; nil: one of its own, which exists while it waits.
  /// - Returns: Whether it waits.
  /// - Throws: As above.
  public func unmount(_ mountPoint: String, isLazy: Bool, by pid: Int? = nil) throws(DeviceError)
    -> AccessOutcome
  {
    try perform(
      .unmount(mountPoint, isLazy: isLazy, by: pid.map { ProcessID($0) }), "unmount \(mountPoint)",
      SimWorkload.access)
  }

  /// A file and the extents of its blocks.
  public struct File: Hashable, Sendable {
    /// Prefixed with the mount point of its filesystem.
    public let path: RawText
    /// Of its filesystem.
    public let inode: UInt64
    public let size: ByteCount
    /// `pmem0`, `dm-0`.
    public let device: String
    /// On that device, bytes.
    public let extents: [Extent]
  }

  public var files: [File] {
    let dax = SimDax(machine.kernel)
    return machine.kernel.model.state.filesystems.filter(\.isLive).flatMap { filesystem in
      let device = dax.device(filesystem.volume)
      return filesystem.files.map {
        File(
          path: SimUsage.path($0, on: filesystem), inode: $0.number, size: ByteCount($0.size), device: device,
          extents: $0.extents)
      }
    }
  }

  /// Makes a file with blocks for all of its size.
  ///
  /// - Returns: Whether the process waits; without a process nothing can wait.
  @discardableResult
  public func createFile(_ path: String, size: ByteCount, by pid: Int? = nil) throws(DeviceError)
    -> AccessOutcome
  {
    try perform(.createFile(path, size: size.rawValue, by: pid.map { ProcessID($0) }), "create \(path)") {
      if case .fileCreated = $0 { .done } else { SimWorkload.access($0) }
    }
  }

  /// Removes a file's name; its blocks are freed when it is no longer used.
  ///
  /// - Parameters:
  ///   - path: Absolute.
  ///   - pid: The process, which waits as in the kernel; nil: no process that could.
  /// - Returns: Whether it waits.
  /// - Throws: `DeviceError.Code.failed` if there is no such file.
  public func removeFile(_ path: String, by pid: Int? = nil) throws(DeviceError) -> AccessOutcome {
    try perform(.removeFile(path, by: pid.map { ProcessID($0) }), "remove \(path)", SimWorkload.access)
  }
}
