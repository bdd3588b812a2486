import PmemDevice

extension MemoryModel {
  /// Applies an action, and completes every operation that it unblocks. It is total: an impossible action is refused.
  ///
  /// - Parameter action: The action.
  /// - Returns: The observations beside the state that it leads to.
  @discardableResult
  public mutating func apply(_ action: Action) -> Observations {
    let outcome: ActionOutcome
    do throws(KernelRefusal) { outcome = try perform(action) } catch { outcome = .refused(error) }
    var observed = takeObservations()
    observed.outcome = outcome
    return observed
  }

  private mutating func perform(_ action: Action) throws(KernelRefusal) -> ActionOutcome {
    switch action {
    case .startProcess(let command, let pid): return .started(try startProcess(command, pid: pid))
    case .forkProcess(let pid, let child): return .started(try forkProcess(pid, child: child))
    case .stopProcess(let pid): try stopProcess(pid)
    case .open(let pid, let name): try open(pid, try object(name))
    case .close(let pid, let name): try close(pid, try object(name))
    case .choose(let policy, let choice): try choose(policy, choice)
    default: return try performOnMemory(action)
    }
    return .done
  }

  // MARK: Memory

  private mutating func performOnMemory(_ action: Action) throws(KernelRefusal) -> ActionOutcome {
    switch action {
    case .map(let pid, let name, let offset, let length, let isWritable, let isSync, let isPrivate):
      let request = MapRequest(
        source: try object(name), offset: offset, length: length, isWritable: isWritable, isSync: isSync,
        isPrivate: isPrivate)
      return .mapped(MappingID(process: pid, start: try map(pid, request)))
    case .unmap(let pid, let name, let length):
      try unmap(pid, at: try address(name, in: pid), length: length)
    case .access(let pid, let name, let length, let isStore):
      return ActionOutcome(
        try access(pid, at: try address(name, in: pid), length: length, isStore: isStore))
    case .pin(let pid, let name, let length, let kind, let isWrite, let number):
      let request = PinRequest(
        address: try address(name, in: pid), length: length, kind: kind,
        isWrite: isWrite ?? kind.writesByDefault, number: number)
      return try pin(pid, request).map { .pinned($0.id, $0.grant) } ?? .blocked
    case .unpin(let id): try unpin(id)
    case .writeThroughPin(let id): try writeThroughPin(id)
    case .beginFault(let pid, let name, let isStore, let number):
      let address = try address(name, in: pid)
      return .faultBegan(try beginFault(pid, at: address, isStore: isStore, number: number))
    case .finishFault(let id): return .faultEnded(isOwn: try finishFault(id))
    case .beginTransfer(let pid, let buffer, let length, let name, let offset, let isRead, let number):
      let request = TransferRequest(
        buffer: try address(buffer, in: pid), length: length, storage: try object(name), offset: offset,
        isRead: isRead, number: number)
      return try beginTransfer(pid, request).map { .transferBegan($0) } ?? .blocked
    case .finishTransfer(let id): try finishTransfer(id)
    default: return try performOnFiles(action)
    }
    return .done
  }

  // MARK: Files

  private mutating func performOnFiles(_ action: Action) throws(KernelRefusal) -> ActionOutcome {
    switch action {
    case .mount(let volume, let mountPoint, let type, let isDAX, let isNew):
      try mount(volume, mountPoint, type: type, isDAX: isDAX, isNew: isNew)
    case .unmount(let mountPoint, let isLazy, let pid):
      return ActionOutcome(try unmount(mountPoint, isLazy: isLazy, by: pid))
    case .createFile(let path, let size, let pid):
      return try createFile(path, size: size, by: pid).map { .fileCreated($0) } ?? .blocked
    case .removeFile(let path, let pid): return ActionOutcome(try removeFile(path, by: pid))
    case .truncate(let pid, let name, let size):
      return ActionOutcome(try perform(.truncate(try object(name), size: size), by: pid))
    case .read(let pid, let name, let offset, let length):
      return ActionOutcome(
        try readOrWrite(pid, try object(name), offset: offset, length: length, isWrite: false))
    case .write(let pid, let name, let offset, let length, let isSync):
      return ActionOutcome(
        try readOrWrite(
          pid, try object(name), offset: offset, length: length, isWrite: true, isSync: isSync))
    case .writeback(let pid, let name, let isSync):
      return ActionOutcome(try perform(.writeback(try object(name), isSync: isSync), by: pid))
    case .sync(let pid, let volume): return ActionOutcome(try perform(.sync(volume), by: pid))
    case .commit(let volume): try commit(volume)
    case .crash: crash()
    default: return try performOnDevices(action)
    }
    return .done
  }

  // MARK: Devices

  private mutating func performOnDevices(_ action: Action) throws(KernelRefusal) -> ActionOutcome {
    switch action {
    case .unbind(let pid, let device): return ActionOutcome(try perform(.unbind(device), by: pid))
    case .freeze(let volume, let isFilesystem, let policy, let pid):
      return try freeze(volume, isFilesystem: isFilesystem, policy: policy, by: pid).map {
        .frozen(visited: $0)
      } ?? .blocked
    case .thaw(let volume, let isFilesystem):
      let (stores, woken) = try thaw(volume, isFilesystem: isFilesystem)
      return .thawed(stores: stores, woken: woken)
    case .makePartition(let volume, let extent): return .made(number: try makePartition(volume, extent))
    case .resizePartition(let volume, let size): try resizePartition(volume, to: size)
    case .removePartition(let volume): try removePartition(volume)
    case .makeStack(let name, let volumes): return .made(number: try makeStack(name, volumes))
    case .removeStack(let name): try removeStack(name)
    case .swapOn(let volume): try swapOn(volume)
    case .swapOff(let volume): try swapOff(volume)
    case .makeDriver(let name, let kind, let pages, let pool):
      try makeProvider(DirectAccessDriver(name: name, kind: kind, pages: pages, pool: pool))
    case .makeDriverUnder(let device, let name, let kind, let pool):
      try makeProvider(DirectAccessDriver(name: name, kind: kind, pages: 1, pool: pool), under: device)
    case .removeDriver(let name): try removeProvider(name)
    case .setPool(let name, let pages): try setPool(name, pages)
    case .finishUpdate(let name, let fails): try finishUpdate(name, fails: fails)
    case .directAccess(let pid, let name, let page, let pages, let isAtomic):
      return .granted(try directAccess(pid, name, page, pages, isAtomic: isAtomic))
    case .deviceAccess(let volume, let page, let pages):
      return .granted(try pmemDirectAccess(volume, page, pages))
    default: break
    }
    return .done
  }

  // MARK: Names

  private func object(_ name: ObjectName) throws(KernelRefusal) -> MappedObject {
    switch name {
    case .path(let path): try source(path)
    case .volume(let volume): MappedObject(volume: volume)
    case .object(let object): object
    }
  }

  private func address(_ name: AddressName, in pid: ProcessID) throws(KernelRefusal) -> UInt64 {
    switch name {
    case .absolute(let address): return address
    case .mapping(let object, let offset):
      let source = try self.object(object)
      let own = state.processes[try processIndex(pid)].mappings.filter { $0.source == source }
      guard let mapping = own.first else { throw KernelRefusal(14, "process \(pid) has not mapped it") }
      guard own.count == 1 else { throw KernelRefusal(22, "process \(pid) has mapped it \(own.count) times") }
      let (address, overflow) = mapping.start.addingReportingOverflow(offset)
      guard !overflow else { throw KernelRefusal(22, "there is no such address") }
      return address
    }
  }
}

extension MemoryModel {
  /// Processes that are blocked, in the order in which they were blocked.
  public var blockedProcesses: [ProcessID] { state.blockedTasks.map(\.pid) }

  /// Why a process cannot continue; nil if it can.
  public func blockReason(of pid: ProcessID) -> String? {
    state.blockedTasks.first { $0.pid == pid }?.reason
  }

  /// Processes that could unblock another one; 0 if none is left that could.
  public func blockers(of pid: ProcessID) -> Set<ProcessID> {
    state.blockedTasks.first { $0.pid == pid }.map { blockers(of: $0) } ?? []
  }
}
