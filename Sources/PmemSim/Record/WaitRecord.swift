import PmemDevice
import PmemModel

/// A blocked task as a line of a machine's `runtime` file: its operation and, with `on-` before their keys, the object
/// that it waits for.
enum WaitRecord {
  static func line(_ task: BlockedTask) -> RecordLine {
    var line = RecordLine("wait")
    line.add("pid", task.pid.rawValue)
    line.add("reason", task.reason)
    if task.endsProcess { line.add("ends", 1) }
    add(task.cause, to: &line)
    add(task.operation, to: &line)
    return line
  }

  // MARK: Operations

  private static func add(_ operation: PmemModel.Operation, to line: inout RecordLine) {
    switch operation {
    case .access(let address, let length, let isStore):
      line.add("for", "access")
      line.add("address", address)
      line.add("length", length)
      line.add("store", isStore ? 1 : 0)
    case .truncate(let source, let size):
      add("truncate", source, to: &line)
      line.add("size", size)
    case .read(let source, let offset, let length):
      add("read", source, to: &line)
      line.add("offset", offset)
      line.add("length", length)
    case .write(let source, let offset, let length, let isSync):
      add("write", source, to: &line)
      line.add("offset", offset)
      line.add("length", length)
      line.add("sync", isSync ? 1 : 0)
    case .create(let path, let size):
      line.add("for", "create")
      line.add("path", path)
      line.add("size", size)
    case .remove(let source): add("remove", source, to: &line)
    case .writeback(let source, let isSync):
      add("writeback", source, to: &line)
      line.add("sync", isSync ? 1 : 0)
    case .sync(let volume): add("sync", MappedObject(volume: volume), to: &line)
    case .freeze(let volume, let policy):
      add("freeze", MappedObject(volume: volume), to: &line)
      line.add("policy", policy?.rawValue)
    case .unmount(let volume): add("unmount", MappedObject(volume: volume), to: &line)
    case .pin(let request): add(request, to: &line)
    case .beginTransfer(let request): add(request, to: &line)
    case .unbind(let device):
      line.add("for", "unbind")
      line.add("region", device.region)
      line.add("namespace", device.namespace)
    case .directAccess(let provider, let page, let pages):
      line.add("for", "direct-access")
      line.add("provider", provider)
      line.add("first", page)
      line.add("pages", pages)
    }
  }

  private static func add(_ verb: String, _ source: MappedObject, to line: inout RecordLine) {
    line.add("for", verb)
    line.add("volume", source.volume.word)
    line.add("inode", source.inode)
  }

  private static func add(_ request: PinRequest, to line: inout RecordLine) {
    line.add("for", "pin")
    line.add("address", request.address)
    line.add("length", request.length)
    line.add("kind", request.kind.rawValue)
    line.add("write", request.isWrite ? 1 : 0)
    line.add("number", request.number?.rawValue)
  }

  private static func add(_ request: TransferRequest, to line: inout RecordLine) {
    add("transfer", request.storage, to: &line)
    line.add("address", request.buffer)
    line.add("length", request.length)
    line.add("offset", request.offset)
    line.add("read", request.isRead ? 1 : 0)
    line.add("number", request.number?.rawValue)
  }

  // MARK: Wait causes

  private static func add(_ cause: WaitCause, to line: inout RecordLine) {
    switch cause {
    case .freeze(let volume): add("freeze", volume, nil, to: &line)
    case .queue(let volume): add("queue", volume, nil, to: &line)
    case .writers(let volume): add("writers", volume, nil, to: &line)
    case .page(let page): add("page", page, to: &line)
    case .evictedPage(let page): add("evicted-page", page, to: &line)
    case .cachedPage(let source, let page):
      add("cached-page", source.volume, source.inode, to: &line)
      line.add("on-page", page)
    case .pageLock(let source, let page, let isFault):
      add("page-lock", source.volume, source.inode, to: &line)
      line.add("on-page", page)
      line.add("on-fault", isFault ? 1 : 0)
    case .inodeLock(let source): add("inode-lock", source.volume, source.inode, to: &line)
    case .directIO(let source): add("direct-io", source.volume, source.inode, to: &line)
    case .fault(let source): add("fault", source.volume, source.inode, to: &line)
    case .deviceFault(let device): add("device-fault", .device(device), nil, to: &line)
    case .devicePages(let device): add("device-pages", .device(device), nil, to: &line)
    case .deviceMappings(let device): add("device-mappings", .device(device), nil, to: &line)
    case .driver(let name):
      line.add("on", "driver")
      line.add("on-name", name)
    }
  }

  private static func add(_ word: String, _ volume: Volume, _ inode: UInt64?, to line: inout RecordLine) {
    line.add("on", word)
    line.add("on-volume", volume.word)
    line.add("on-inode", inode)
  }

  private static func add(_ word: String, _ page: DeviceExtent, to line: inout RecordLine) {
    add(word, .device(page.device), nil, to: &line)
    line.add("on-offset", page.extent.offset)
    line.add("on-length", page.extent.length)
  }
}
