import PmemDevice
import PmemModel

/// Reads the lines that ``MemoryStateRecord`` wrote, and refuses what does not fit the lines before.
struct MemoryStateReader {
  var memory = MemoryState()
  let regions: Int
  let file: String
  /// Whether the last file that was read is one of the journal.
  private var isCommitted = false
  /// The objects read so far, indexed.
  private var partitions: Set<Volume> = []
  private var stacks: [Int: StackMeasure] = [:]
  private var pids: Set<ProcessID> = []
  /// Processes of which a wait was read: each waits for one object.
  var waiting: Set<ProcessID> = []
  /// The region and the number of the namespaces whose pages were read.
  var paged: Set<DeviceID> = []
  /// Bytes of the list of extents that is being read.
  private var listed: UInt64 = 0

  /// How deep a stack is, and on how many devices it is in the end: more than a kernel can have is refused, so that no
  /// walk over one takes long.
  private struct StackMeasure {
    var depth = 1
    var leaves = 0
  }

  /// - Parameters:
  ///   - regions: How many the machine has.
  ///   - file: For messages.
  init(regions: Int, file: String) {
    self.regions = regions
    self.file = file
  }

  mutating func read(_ line: RecordLine) throws(DeviceError) {
    switch line.kind {
    case "stack":
      let number = try line.integer("number", in: RecordRange.id, file: file)
      guard stacks.updateValue(StackMeasure(), forKey: number) == nil else { throw misfit(line) }
      memory.stacks.append(StackedDevice(number: number, name: line["name"] ?? "", pieces: []))
      listed = 0
    case "piece":
      let piece = StackedDevice.Piece(volume: try volume(line), extent: try listedExtent(line))
      try addToLast(\.stacks, line) { $0.pieces.append(piece) }
      try measure(piece.volume, line)
    case "swap": memory.swaps.append(try volume(line))
    case "filesystem":
      memory.filesystems.append(
        Filesystem(
          volume: try volume(line), type: line["type"] ?? "", mountPoints: [], isDAX: try flag("dax", line),
          nextInode: try line.integer("next", in: RecordRange.counter, file: file),
          isLive: try flag("live", line),
          size: try line.integer("size", in: RecordRange.bytes, file: file)))
    case "mount":
      let mountPoint = line["place"] ?? ""
      guard mountPoint.hasPrefix("/") else { throw misfit(line) }
      try addToLast(\.filesystems, line) { $0.mountPoints.append(mountPoint) }
    case "file": try readFile(line)
    case "extent":
      let extent = try listedExtent(line)
      try withLastFile(line) { $0.extents.append(extent) }
    case "process":
      let process = ModelProcess(
        pid: ProcessID(try line.integer("pid", in: RecordRange.pid, file: file)),
        command: line["command"] ?? "")
      guard process.pid > 0, (memory.processes.last?.pid ?? 0) < process.pid else { throw misfit(line) }
      memory.processes.append(process)
      pids.insert(process.pid)
    case "open":
      let source = try source(line)
      try addToLast(\.processes, line) { $0.open.append(source) }
    case "mapping": try readMapping(line)
    case "populated", "stored", "copied": try readPopulated(line)
    case "next-pin":
      memory.nextPin = try line.integer("id", in: 1...1 << 40, file: file)
    case "pin": try readPin(line)
    case "partition", "freeze", "fault": try readLast(line)
    case let kind where PageStateRecord.kinds.contains(kind): try readModel(line)
    default:
      let piece = try piece(line)
      try list(piece.extent, line)
      try addToLast(\.pins, line) { $0.pieces.append(piece) }
    }
  }

  /// Notes on what a stack is in the end.
  private mutating func measure(_ volume: Volume, _ line: RecordLine) throws(DeviceError) {
    guard let own = memory.stacks.last?.number, var measure = stacks[own] else { throw misfit(line) }
    if case .stack(let number) = volume, let below = stacks[number] {
      measure.depth = max(measure.depth, below.depth + 1)
      measure.leaves += below.leaves
    } else {
      measure.leaves += 1
    }
    guard measure.depth <= StackedDevice.deepest, measure.leaves <= StackedDevice.mostLeaves else {
      throw misfit(line)
    }
    stacks[own] = measure
  }

  private func piece(_ line: RecordLine) throws(DeviceError) -> DeviceExtent {
    let piece = DeviceExtent(
      device: DeviceID(
        region: try line.integer("region", in: RecordRange.id, file: file),
        namespace: try line.integer("namespace", in: RecordRange.id, file: file)),
      extent: try extent(line))
    guard (0..<regions).contains(piece.device.region) else { throw misfit(line) }
    return piece
  }

  private mutating func readLast(_ line: RecordLine) throws(DeviceError) {
    switch line.kind {
    case "partition":
      let piece = try piece(line)
      let partition = Partition(
        disk: piece.device,
        number: try line.integer("number", in: 1...Int(Int32.max), file: file), extent: piece.extent)
      guard partitions.insert(partition.volume).inserted else { throw misfit(line) }
      memory.partitions.append(partition)
    case "freeze":
      guard let policy = line["policy"].flatMap(FreezePolicy.init(rawValue:)),
        let stage = line["stage"].flatMap(Freeze.Stage.init(rawValue:))
      else { throw misfit(line) }
      memory.freezes.append(
        Freeze(
          volume: try volume(line), isFilesystem: try flag("filesystem", line), policy: policy,
          stage: stage,
          stores: try line.integer("stores", in: RecordRange.counter, file: file),
          cost: try line.integer("cost", in: RecordRange.counter, file: file)))
    default:
      memory.pageFaults.append(
        PageFault(
          id: FaultID(try line.integer("id", in: 1...1 << 30, file: file)), pid: try process(line),
          address: try line.integer("address", in: RecordRange.address, file: file),
          isStore: try flag("store", line),
          piece: try piece(line), isStray: try flag("stray", line)))
    }
  }

  mutating func readFile(_ line: RecordLine) throws(DeviceError) {
    let file = ModelFile(
      inode: try line.integer("inode", in: RecordRange.counter, file: file), path: line["path"] ?? "",
      size: try line.integer("size", in: RecordRange.bytes, file: file), extents: [],
      isDeleted: try flag("deleted", line),
      number: try line.integer("number", in: RecordRange.counter, file: self.file))
    guard file.path.hasPrefix("/") else { throw misfit(line) }
    listed = 0
    isCommitted = line.kind == "committed"
    let list: WritableKeyPath<Filesystem, [ModelFile]> = isCommitted ? \.committed : \.files
    try addToLast(\.filesystems, line) { $0[keyPath: list].append(file) }
  }

  mutating func withLastFile(_ line: RecordLine, _ body: (inout ModelFile) -> Void) throws(DeviceError) {
    let list: WritableKeyPath<Filesystem, [ModelFile]> = isCommitted ? \.committed : \.files
    guard let last = memory.filesystems.indices.last,
      let file = memory.filesystems[last][keyPath: list].indices.last
    else { throw misfit(line) }
    body(&memory.filesystems[last][keyPath: list][file])
  }

  func process(_ line: RecordLine) throws(DeviceError) -> ProcessID {
    let pid = ProcessID(try line.integer("pid", file: file, as: Int.self))
    guard pids.contains(pid) else { throw misfit(line) }
    return pid
  }

  private mutating func readMapping(_ line: RecordLine) throws(DeviceError) {
    let mapping = MemoryMapping(
      start: try line.integer("start", in: RecordRange.address, file: file),
      length: try line.integer("length", in: RecordRange.bytes, file: file),
      source: try source(line), offset: try line.integer("offset", in: RecordRange.bytes, file: file),
      isWritable: try flag("writable", line), isSync: try flag("sync", line),
      pageSize: try line.integer("page", in: 4096...1 << 30, file: file), isDAX: try flag("dax", line),
      isRevoked: try flag("revoked", line), isPrivate: try flag("private", line))
    let floor = memory.processes.last?.mappings.last?.end ?? 0
    guard mapping.start >= floor, mapping.pageSize.nonzeroBitCount == 1,
      mapping.start % mapping.pageSize == 0,
      mapping.length > 0, mapping.length % mapping.pageSize == 0, mapping.offset % 4096 == 0
    else { throw misfit(line) }
    try addToLast(\.processes, line) { $0.mappings.append(mapping) }
  }

  private mutating func readPopulated(_ line: RecordLine) throws(DeviceError) {
    let extent = try extent(line)
    guard let last = memory.processes.indices.last, let index = memory.processes[last].mappings.indices.last
    else { throw misfit(line) }
    let mapping = memory.processes[last].mappings[index]
    guard extent.offset < mapping.length, extent.length <= mapping.length - extent.offset,
      extent.offset % mapping.pageSize == 0, extent.length % mapping.pageSize == 0
    else { throw misfit(line) }
    guard line.kind != "copied" else {
      memory.processes[last].mappings[index].anonymous.insert(extent)
      return
    }
    memory.processes[last].mappings[index].presentPTEs.insert(extent)
    if line.kind == "stored" { memory.processes[last].mappings[index].writablePTEs.insert(extent) }
  }

  private mutating func readPin(_ line: RecordLine) throws(DeviceError) {
    guard let kind = line["kind"].flatMap(PinKind.init(rawValue:)) else { throw misfit(line) }
    var pin = Pin(
      id: PinID(try line.integer("id", file: file)),
      pid: ProcessID(try line.integer("pid", in: RecordRange.pid, file: file)),
      command: line["command"] ?? "", kind: kind,
      address: try line.integer("address", in: RecordRange.address, file: file),
      length: try line.integer("length", in: RecordRange.bytes, file: file), pieces: [],
      isDangling: try flag("dangling", line))
    pin.source = line["volume"] == nil ? nil : try source(line)
    pin.offset = try line.optional("offset", in: RecordRange.bytes, file: file) ?? 0
    pin.isDRAM = try flag("dram", line)
    pin.detachedFrom = try line.optional("detached", in: RecordRange.bytes, file: file) ?? .max
    pin.isWrite = try !flag("reads", line)
    pin.isOnDemand = try flag("demand", line)
    guard pin.id > memory.pins.last?.id ?? 0, pin.id.rawValue < memory.nextPin else { throw misfit(line) }
    listed = 0
    memory.pins.append(pin)
  }

  // MARK: Fields

  func misfit(_ line: RecordLine) -> DeviceError {
    DeviceError(.corrupt, "\(file), line \(line.number): the \(line.kind) does not fit")
  }

  mutating func addToLast<Element>(
    _ list: WritableKeyPath<MemoryState, [Element]>, _ line: RecordLine, _ body: (inout Element) -> Void
  ) throws(DeviceError) {
    guard let last = memory[keyPath: list].indices.last else { throw misfit(line) }
    body(&memory[keyPath: list][last])
  }

  func flag(_ key: String, _ line: RecordLine) throws(DeviceError) -> Bool {
    try line.optional(key, in: 0...1, file: file) ?? 0 != 0
  }

  func volume(_ line: RecordLine) throws(DeviceError) -> Volume {
    guard let volume = line["volume"].flatMap(Volume.init(word:)) else { throw misfit(line) }
    if case .device(let device) = volume, !(0..<regions).contains(device.region) { throw misfit(line) }
    if case .partition = volume, !partitions.contains(volume) { throw misfit(line) }
    // A stack precedes what is on it, so that none is on itself.
    if case .stack(let number) = volume {
      guard stacks[number] != nil, line.kind != "piece" || memory.stacks.last?.number != number else {
        throw misfit(line)
      }
    }
    return volume
  }

  func source(_ line: RecordLine) throws(DeviceError) -> MappedObject {
    MappedObject(
      volume: try volume(line), inode: try line.optional("inode", in: RecordRange.counter, file: file))
  }

  func extent(_ line: RecordLine) throws(DeviceError) -> Extent {
    Extent(
      offset: try line.integer("offset", in: RecordRange.bytes, file: file),
      length: try line.integer("length", in: 1...RecordRange.bytes.upperBound, file: file))
  }

  /// An extent of a list whose lengths are added up: of a file, of a stack, of a pin.
  private mutating func listedExtent(_ line: RecordLine) throws(DeviceError) -> Extent {
    let extent = try extent(line)
    try list(extent, line)
    return extent
  }

  private mutating func list(_ extent: Extent, _ line: RecordLine) throws(DeviceError) {
    listed += extent.length
    guard listed <= RecordRange.bytes.upperBound else { throw misfit(line) }
  }
}
