import PmemDevice
import PmemModel

extension MemoryStateReader {
  /// Reads what ``WaitRecord`` wrote.
  mutating func readWait(_ line: RecordLine) throws(DeviceError) {
    let pid = try process(line)
    guard waiting.insert(pid).inserted else { throw misfit(line) }
    memory.blockedTasks.append(
      BlockedTask(
        pid: pid, operation: try operation(line), cause: try cause(line), reason: line["reason"] ?? "",
        endsProcess: try flag("ends", line)))
  }

  // MARK: Operations

  private func operation(_ line: RecordLine) throws(DeviceError) -> PmemModel.Operation {
    switch line["for"] {
    case "access":
      return .access(
        address: try line.integer("address", in: RecordRange.address, file: file),
        length: try line.integer("length", in: RecordRange.bytes, file: file),
        isStore: try flag("store", line))
    case "truncate": return .truncate(try source(line), size: try bytes("size", line))
    case "read": return .read(try source(line), offset: try bytes("offset", line), length: try length(line))
    case "write":
      return .write(
        try source(line), offset: try bytes("offset", line), length: try length(line),
        isSync: try flag("sync", line))
    case "create":
      guard let path = line["path"], path.hasPrefix("/") else { throw misfit(line) }
      return .create(path: path, size: try bytes("size", line))
    case "remove": return .remove(try source(line))
    case "writeback": return .writeback(try source(line), isSync: try flag("sync", line))
    case "sync": return .sync(try volume(line))
    case "freeze":
      let policy = line["policy"].map(FreezePolicy.init(rawValue:))
      if case .some(nil) = policy { throw misfit(line) }
      return .freeze(try volume(line), policy ?? nil)
    case "unmount": return .unmount(try volume(line))
    case "pin": return .pin(try pinRequest(line))
    case "transfer": return .beginTransfer(try transferRequest(line))
    case "unbind":
      let region = try line.integer("region", file: file, as: Int.self)
      guard (0..<regions).contains(region) else { throw misfit(line) }
      return .unbind(
        DeviceID(region: region, namespace: try line.integer("namespace", in: RecordRange.id, file: file)))
    case "direct-access":
      return .directAccess(
        provider: line["provider"] ?? "", page: try line.integer("first", in: RecordRange.pages, file: file),
        pages: try line.integer("pages", in: RecordRange.pages, file: file))
    default: throw misfit(line)
    }
  }

  private func bytes(_ key: String, _ line: RecordLine) throws(DeviceError) -> UInt64 {
    try line.integer(key, in: RecordRange.bytes, file: file)
  }

  private func length(_ line: RecordLine) throws(DeviceError) -> UInt64? {
    try line.optional("length", in: RecordRange.bytes, file: file)
  }

  private func pinRequest(_ line: RecordLine) throws(DeviceError) -> PinRequest {
    guard let kind = line["kind"].flatMap(PinKind.init(rawValue:)) else { throw misfit(line) }
    return PinRequest(
      address: try line.integer("address", in: RecordRange.address, file: file), length: try length(line),
      kind: kind, isWrite: try flag("write", line),
      number: try line.optional("number", in: 1...1 << 30, file: file).map { PinID($0) })
  }

  private func transferRequest(_ line: RecordLine) throws(DeviceError) -> TransferRequest {
    TransferRequest(
      buffer: try line.integer("address", in: RecordRange.address, file: file),
      length: try bytes("length", line), storage: try source(line), offset: try bytes("offset", line),
      isRead: try flag("read", line),
      number: try line.optional("number", in: 1...1 << 30, file: file).map { TransferID($0) })
  }

  // MARK: Wait causes

  private func cause(_ line: RecordLine) throws(DeviceError) -> WaitCause {
    if line["on"] == "driver" { return .driver(line["on-name"] ?? "") }
    guard let volume = line["on-volume"].flatMap(Volume.init(word:)) else { throw misfit(line) }
    let object = MappedObject(
      volume: volume, inode: try line.optional("on-inode", in: RecordRange.counter, file: file))
    switch line["on"] {
    case "freeze": return .freeze(volume)
    case "queue": return .queue(volume)
    case "writers": return .writers(volume)
    case "page": return .page(try page(volume, line))
    case "evicted-page": return .evictedPage(try page(volume, line))
    case "cached-page":
      return .cachedPage(object, page: try line.integer("on-page", in: RecordRange.pages, file: file))
    case "page-lock":
      return .pageLock(
        object, page: try line.integer("on-page", in: RecordRange.pages, file: file),
        isFault: try flag("on-fault", line))
    case "inode-lock": return .inodeLock(object)
    case "direct-io": return .directIO(object)
    case "fault": return .fault(object)
    case "device-fault": return .deviceFault(try device(volume, line))
    case "device-pages": return .devicePages(try device(volume, line))
    case "device-mappings": return .deviceMappings(try device(volume, line))
    default: throw misfit(line)
    }
  }

  private func device(_ volume: Volume, _ line: RecordLine) throws(DeviceError) -> DeviceID {
    guard case .device(let device) = volume, (0..<regions).contains(device.region) else {
      throw misfit(line)
    }
    return device
  }

  private func page(_ volume: Volume, _ line: RecordLine) throws(DeviceError) -> DeviceExtent {
    DeviceExtent(
      device: try device(volume, line),
      extent: Extent(
        offset: try bytes("on-offset", line),
        length: try line.integer("on-length", in: 1...RecordRange.bytes.upperBound, file: file)))
  }
}
