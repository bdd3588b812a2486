/// A process that waits.
package struct BlockedTask: Hashable, Sendable {
  package var pid: ProcessID
  package var operation: Operation
  package var cause: WaitCause
  /// For people: "until pin 1 of process 812 is released".
  package var reason: String
  /// Whether the process was made for the operation, and ends with it: umount(8) of no process that was named.
  package var endsProcess: Bool

  package init(
    pid: ProcessID, operation: Operation, cause: WaitCause, reason: String, endsProcess: Bool = false
  ) {
    self.pid = pid
    self.operation = operation
    self.cause = cause
    self.reason = reason
    self.endsProcess = endsProcess
  }

  /// Whether SIGKILL ends it.
  package var isKillable: Bool { cause.isKillable }

  /// The filesystem to which it has write access that a freeze waits for; nil for none.
  var writeAccess: Volume? {
    if case .freeze = cause { return nil }
    guard operation.holdsWriteAccess else { return nil }
    return operation.file?.volume
  }

  /// The file whose inode it has locked for itself; nil for none.
  var lockedInode: MappedObject? {
    switch cause {
    case .freeze, .inodeLock: nil
    default: operation.locksInode ? operation.file : nil
    }
  }

  /// The page of the page cache that it has locked: writeback waits with one locked.
  var lockedPage: (file: MappedObject, page: UInt64)? {
    if case .cachedPage(let file, let page) = cause { (file, page) } else { nil }
  }
}

/// How far an operation came.
package enum OperationProgress: Hashable, Sendable {
  case done
  case waits(Wait)
  /// The process is no more.
  case killed

  static func waits(_ cause: WaitCause, _ reason: String) -> OperationProgress { .waits(Wait(cause, reason)) }
}
