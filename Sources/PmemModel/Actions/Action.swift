public import PmemDevice

/// A file or a device, as an action names it. A path is looked up when the action is done.
public enum ObjectName: Hashable, Sendable {
  /// A file, by its absolute path.
  case path(String)
  /// A device itself.
  case volume(Volume)
  /// The result of an earlier look-up.
  case object(MappedObject)
}

/// An address in a process's memory, as an action names it.
public enum AddressName: Hashable, Sendable {
  case absolute(UInt64)
  /// In the one mapping that the process has of an object, `offset` bytes from its start.
  case mapping(ObjectName, offset: UInt64)
}

/// A change of the memory model: by a process, by hardware or by an administrator.
///
/// Sizes, lengths and offsets are bytes; a length of nil reaches to the end.
public enum Action: Hashable, Sendable {
  // MARK: Processes

  /// nil: the lowest free number from 1000.
  case startProcess(command: String, as: ProcessID?)
  case forkProcess(ProcessID, child: ProcessID?)
  /// Its mappings, open files and pins are released with it.
  case stopProcess(ProcessID)
  case open(ProcessID, ObjectName)
  case close(ProcessID, ObjectName)

  // MARK: Memory

  case map(
    ProcessID, ObjectName, offset: UInt64, length: UInt64?, isWritable: Bool, isSync: Bool,
    isPrivate: Bool = false)
  case unmap(ProcessID, AddressName, length: UInt64?)
  /// Loads or stores.
  case access(ProcessID, AddressName, length: UInt64, isStore: Bool)
  /// Takes references to pages; `isWrite` of nil: for writing if such a holder usually does; a number of nil: the next.
  case pin(ProcessID, AddressName, length: UInt64?, PinKind, isWrite: Bool? = nil, number: PinID?)
  case unpin(PinID)
  /// Hardware writes to all that is pinned, or reads it, if it was pinned for that.
  case writeThroughPin(PinID)
  /// A fault looks its block up, and makes no entry yet.
  case beginFault(ProcessID, AddressName, isStore: Bool, number: FaultID?)
  case finishFault(FaultID)
  /// Direct I/O between a buffer in memory and a file.
  case beginTransfer(
    ProcessID, buffer: AddressName, length: UInt64, storage: ObjectName, offset: UInt64, isRead: Bool,
    number: TransferID?)
  case finishTransfer(TransferID)

  // MARK: Files

  /// The filesystem that is there, or a new one if there is none or `isNew` asks for it; one that is mounted already, in one
  /// more directory.
  case mount(Volume, mountPoint: String, type: String, isDAX: Bool, isNew: Bool = false)
  /// nil: by a process of its own.
  case unmount(String, isLazy: Bool, by: ProcessID? = nil)
  /// nil: by no process that could be blocked.
  case createFile(String, size: UInt64, by: ProcessID? = nil)
  /// nil: by no process that could be blocked.
  case removeFile(String, by: ProcessID?)
  case truncate(ProcessID, ObjectName, size: UInt64)
  /// By system call.
  case read(ProcessID, ObjectName, offset: UInt64, length: UInt64?)
  case write(ProcessID, ObjectName, offset: UInt64, length: UInt64?, isSync: Bool = false)
  /// With `isSync` as fsync(2).
  case writeback(ProcessID, ObjectName, isSync: Bool)
  /// syncfs(2).
  case sync(ProcessID, Volume)
  /// Commits the journal of the filesystem on a volume.
  case commit(Volume)
  /// The power fails and comes back.
  case crash

  // MARK: Devices

  /// Unbinds a device's driver, although it is in use.
  case unbind(ProcessID, DeviceID)
  /// Stops a device's queue or freezes the filesystem on it; by the policy in force if that is nil, and without waiting
  /// if no process does it.
  case freeze(Volume, isFilesystem: Bool, FreezePolicy?, by: ProcessID? = nil)
  case thaw(Volume, isFilesystem: Bool)
  case makePartition(Volume, Extent)
  case resizePartition(Volume, size: UInt64)
  case removePartition(Volume)
  case makeStack(String, [Volume])
  case removeStack(String)
  case swapOn(Volume)
  case swapOff(Volume)

  // MARK: ->direct_access

  /// A driver of whole pages, with memory for `pool` of them.
  case makeDriver(String, DirectAccessDriver.Kind, pages: UInt64, pool: UInt64)
  /// One that is asked by the faults on a namespace, which it is as large as.
  case makeDriverUnder(DeviceID, String, DirectAccessDriver.Kind, pool: UInt64)
  case removeDriver(String)
  case setPool(String, pages: UInt64)
  /// The fetched data have arrived, or not.
  case finishUpdate(String, fails: Bool)
  /// Asks a driver for the address of pages.
  case directAccess(ProcessID, driver: String, page: UInt64, pages: UInt64, isAtomic: Bool)
  /// Asks a namespace's device.
  case deviceAccess(Volume, page: UInt64, pages: UInt64)

  // MARK: Policies

  /// nil: the kernel's behaviour.
  case choose(Policy, String?)
}

/// The result of an action.
public enum ActionOutcome: Hashable, Sendable {
  case done
  case started(ProcessID)
  case mapped(MappingID)
  case pinned(PinID, ReferenceGrant)
  case faultBegan(FaultID)
  /// Whether the block that was looked up is still the mapping's.
  case faultEnded(isOwn: Bool)
  case transferBegan(TransferID)
  case fileCreated(FileID)
  /// A partition or a stack got this number.
  case made(number: Int)
  /// Page table entries that were visited for it.
  case frozen(visited: UInt64)
  /// Stores that reached the media while it was frozen, and processes that continue.
  case thawed(stores: UInt64, woken: [ProcessID])
  case granted(DirectAccessGrant)
  /// The process waits.
  case blocked
  /// The process was killed by SIGBUS.
  case killed
  /// The kernel refused; nothing was done that the refusal does not say.
  case refused(KernelRefusal)

  init(_ access: AccessOutcome) {
    self =
      switch access {
      case .done: .done
      case .killed: .killed
      case .waits: .blocked
      }
  }
}
