/// Something that uses a namespace.
public struct Usage: Hashable, Sendable {
  public enum Kind: String, CaseIterable, Hashable, Sendable {
    /// A process has it in its address space.
    case mapping
    /// A process has a file or the device open.
    case open
    case mount
    /// A filesystem that is mounted nowhere any more, but still alive (`umount -l`).
    case superblock
    case swap
    /// dm, md and the like, stacked on it.
    case holder
    /// A loop device whose backing file is on it.
    case loop
    /// Its memory is online as the kernel's own.
    case systemRAM = "system-ram"
    /// Its memory is pinned, for DMA mostly, and nobody maps it.
    case pin
    /// Somebody has the block device exclusively, and nothing above tells who.
    case held
  }

  /// What happens when the namespace is disabled in spite of the user.
  public enum Effect: String, CaseIterable, Hashable, Sendable {
    /// ndctl and pmemctl cannot: the block device is held exclusively.
    case refused
    /// Its next access ends in SIGBUS.
    case sigbus
    /// Its next use of the descriptor gives an error.
    case errors
    /// The kernel itself: the memory map goes while it is in use (mm/memremap.c:memunmap_pages since 5.18).
    case crash
  }

  public var kind: Kind
  public var namespace: String
  /// What of the namespace is used: `/dev/dax0.0`, a file, a mount point.
  public var path: RawText
  /// nil for the kernel's own uses.
  public var process: ProcessName?
  /// Of mappings: bytes.
  public var bytes: UInt64?
  public var effect: Effect
  /// What helps.
  public var advice: String

  public init(
    kind: Kind, namespace: String, path: RawText, process: ProcessName? = nil, bytes: UInt64? = nil,
    effect: Effect, advice: String
  ) {
    self.kind = kind
    self.namespace = namespace
    self.path = path
    self.process = process
    self.bytes = bytes
    self.effect = effect
    self.advice = advice
  }
}

extension Usage {
  /// The use in words, without its kind: `512 MiB of /dev/dax0.0 by qemu (812)`.
  public var text: String {
    let size = bytes.map { "\(ByteCount($0)) of " } ?? ""
    return size + "\(path)" + (process.map { " by \($0)" } ?? "")
  }

  /// What taking the namespace away does, in words.
  public var consequence: String {
    switch effect {
    case .refused: "the kernel refuses to take it away"
    case .sigbus: "its next access would be answered with SIGBUS"
    case .errors: "its next use of it would fail"
    case .crash: "the kernel would crash when the pin is released"
    }
  }
}

/// Who uses namespaces, and how much of the machine could be looked at.
public struct UsageReport: Hashable, Sendable {
  public var uses: [Usage]
  /// Processes that this one may not look at.
  public var hiddenProcesses: Int

  /// What could not be found out, in words.
  public var unknown: [String]

  public init(uses: [Usage] = [], hiddenProcesses: Int = 0, unknown: [String] = []) {
    self.uses = uses
    self.hiddenProcesses = hiddenProcesses
    self.unknown = unknown
  }
}
