/// Something that uses a namespace.
public struct Usage: Hashable, Sendable {
  /// In which way it is used.
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
    /// Its memory is pinned, mostly for DMA, or has other extra references.
    case pin
    /// A process has registered it as a buffer with io_uring.
    case ioUring = "io_uring"
    /// A process has registered it as a memory region for RDMA.
    case rdma
    /// A process that maps it drives a device through VFIO or iommufd, which reads and writes its memory.
    case vfio
    /// A process that maps it runs a virtual machine: the memory may be the guest's.
    case kvm
    /// The block device is open exclusively, and nothing above it shows by whom.
    case held
    /// A target of NVMe over fabrics or SCSI (nvmet, LIO) serves it to other hosts.
    case target
    /// The kernel has it open more often than all that is known explains: for itself, for a descriptor on its way through a
    /// socket, or for a process that cannot be seen from here.
    case unseen
  }

  /// The effect on the user if the namespace is disabled all the same.
  public enum Effect: String, CaseIterable, Hashable, Sendable {
    /// ndctl and pmemctl cannot: the block device is held exclusively, or its memory is online.
    case refused
    /// The kernel waits for the user to let go, however long that takes (until 5.17).
    case waits
    /// Its next access ends in SIGBUS.
    case sigbus
    /// Its next use of the descriptor gives an error.
    case errors
    /// Devices continue to read and write the memory of its next user.
    case corrupts
    /// None: no user is left that could do anything with it.
    case none
    /// The kernel itself oopses when the user lets go (since 5.18): ``KernelRules/pinnedTeardown``.
    case crash
  }

  public var kind: Kind
  public var namespace: String
  /// The part of the namespace that is used: `/dev/dax0.0`, a file, a mount point.
  public var path: RawText
  /// nil for the kernel's own uses.
  public var process: ProcessName?
  /// Of mappings, buffers and pins: bytes.
  public var bytes: UInt64?
  /// Of memory that is online: its blocks.
  public var blocks: MemoryBlocks?
  /// Of a device that is open unseen: how often.
  public var opens: Int?
  public var effect: Effect
  /// The remedy.
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
  /// Memory of a DAX device that is online as system-ram; nil if none is.
  public init?(onlineMemoryOf device: DaxDevice, namespace: String) {
    guard let blocks = device.memory, blocks.online > 0 else { return nil }
    let fixed = blocks.online - blocks.movable
    self.init(
      kind: .systemRAM, namespace: namespace, path: RawText("/dev/\(device.chardev)"), effect: .refused,
      advice: "take it offline first: pmemctl device offline \(device.chardev)"
        + (fixed == 0 ? "" : "; \(fixed) blocks are not in ZONE_MOVABLE and may refuse"))
    self.blocks = blocks
  }

  /// The use in words, without its kind: `512 MiB of /dev/dax0.0 by qemu (812)`.
  public var text: String {
    let size = bytes.map { "\(ByteCount($0)) of " } ?? ""
    let online = blocks.map { ", \($0.online) of \($0.total) memory blocks online" } ?? ""
    let unseen = opens.map { ", open \(counted($0, "time")) more than known holders explain" } ?? ""
    return size + "\(path)" + online + unseen + (process.map { " by \($0)" } ?? "")
  }

  /// The effect of disabling the namespace, in words.
  public var consequence: String {
    switch effect {
    case .refused: "the kernel refuses to disable it"
    case .waits: "disabling it would wait until it is released"
    case .corrupts: "its device would continue to read and write this memory, under its next user"
    case .none: "no process is left that could release it"
    case .sigbus: "its next access would be answered with SIGBUS"
    case .errors: "its next use of it would fail"
    case .crash: "the kernel would crash when the pin is released"
    }
  }
}

/// The memory blocks that a device is as the kernel's own memory (/sys/devices/system/memory).
public struct MemoryBlocks: Hashable, Sendable {
  /// How many there are.
  public var total: Int
  /// How many of them the kernel uses.
  public var online: Int
  /// Of those online, how many are in ZONE_MOVABLE: the kernel can move what is on them, so that they go offline unless
  /// something is pinned. The others may hold what cannot be moved.
  public var movable: Int
  /// Bytes of each.
  public var size: UInt64

  public init(total: Int, online: Int, movable: Int, size: UInt64) {
    self.total = total
    self.online = online
    self.movable = movable
    self.size = size
  }
}

/// Who uses namespaces, and how much of the machine could be looked at.
public struct UsageReport: Hashable, Sendable {
  public var uses: [Usage]
  /// The parts that could not be seen; empty if the answer is complete.
  public var missing: [Unseen]

  public init(uses: [Usage] = [], missing: [Unseen] = []) {
    self.uses = uses
    self.missing = missing
  }
}
