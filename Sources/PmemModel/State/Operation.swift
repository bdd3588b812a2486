import PmemDevice

/// An operation of a process that may block: it is retried whenever the model has changed.
package enum Operation: Hashable, Sendable {
  /// Loads, or stores, through a mapping.
  case access(address: UInt64, length: UInt64, isStore: Bool)
  /// Giving a file another size.
  case truncate(MappedObject, size: UInt64)
  /// read(2).
  case read(MappedObject, offset: UInt64, length: UInt64?)
  /// write(2); with `isSync` as with O_DSYNC.
  case write(MappedObject, offset: UInt64, length: UInt64?, isSync: Bool)
  /// Making a file.
  case create(path: String, size: UInt64)
  /// Removing a file's last name, and letting go of the file if nothing uses it.
  case remove(MappedObject)
  /// Writing a file's dirty pages to the media; for fsync(2) all of them must get there.
  case writeback(MappedObject, isSync: Bool)
  /// syncfs(2).
  case sync(Volume)
  /// FIFREEZE; a policy of nil is the one in force.
  case freeze(Volume, FreezePolicy?)
  /// Shutting down a filesystem that was unmounted.
  case unmount(Volume)
  /// Taking references to pages; a number of nil is the next one.
  case pin(PinRequest)
  /// Beginning direct I/O; a number of nil is the next one.
  case beginTransfer(TransferRequest)
  /// Taking a namespace's driver away.
  case unbind(DeviceID)
  /// Asking a provider for the address of some pages.
  case directAccess(provider: String, page: UInt64, pages: UInt64)
}

/// The arguments of get_user_pages.
package struct PinRequest: Hashable, Sendable {
  /// In the process's addresses.
  package var address: UInt64
  /// Bytes; nil: to the end of the mapping.
  package var length: UInt64?
  package var kind: PinKind
  /// Whether the holder writes to the pages (FOLL_WRITE).
  package var isWrite: Bool
  package var number: PinID?

  package init(address: UInt64, length: UInt64?, kind: PinKind, isWrite: Bool, number: PinID? = nil) {
    self.address = address
    self.length = length
    self.kind = kind
    self.isWrite = isWrite
    self.number = number
  }
}

/// Direct I/O that is asked for.
package struct TransferRequest: Hashable, Sendable {
  /// The buffer, in the process's addresses.
  package var buffer: UInt64
  /// Bytes.
  package var length: UInt64
  package var storage: MappedObject
  /// In the file, bytes.
  package var offset: UInt64
  /// From the storage into the buffer.
  package var isRead: Bool
  package var number: TransferID?

  package init(
    buffer: UInt64, length: UInt64, storage: MappedObject, offset: UInt64, isRead: Bool,
    number: TransferID? = nil
  ) {
    self.buffer = buffer
    self.length = length
    self.storage = storage
    self.offset = offset
    self.isRead = isRead
    self.number = number
  }
}

extension Operation {
  /// The file that it works on; nil if it is not one file's.
  var file: MappedObject? {
    switch self {
    case .truncate(let source, _), .remove(let source), .writeback(let source, _): source
    case .read(let source, _, _), .write(let source, _, _, _): source
    case .beginTransfer(let request): request.storage
    default: nil
    }
  }

  /// Whether it holds write access to its filesystem meanwhile (fs/namespace.c:mnt_want_write,
  /// include/linux/fs.h:file_start_write).
  var holdsWriteAccess: Bool {
    switch self {
    case .truncate, .write, .create, .remove: true
    case .beginTransfer(let request): !request.isRead
    default: false
    }
  }

  /// Whether it holds the lock of its file's inode for itself (i_rwsem).
  var locksInode: Bool {
    switch self {
    case .truncate, .write: true
    default: false
    }
  }
}
