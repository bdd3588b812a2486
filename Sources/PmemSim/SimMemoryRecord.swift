import PmemDevice

/// What runs on a machine as lines of its `runtime` file: stacks, filesystems with their files, processes with what they
/// have open and mapped, pins; each followed by its parts.
enum SimMemoryRecord {
  private static let own: Set<String> = [
    "stack", "piece", "swap", "filesystem", "mount", "file", "extent", "process", "open", "mapping",
    "populated", "stored", "partition", "freeze", "fault",
    "next-pin", "pin", "pinned",
  ]
  static let kinds = own.union(SimModelRecord.kinds)

  // MARK: Writing

  static func lines(_ memory: SimMemory) -> [RecordLine] {
    var next = RecordLine("next-pin")
    next.add("id", memory.nextPin)
    return memory.partitions.map(line) + memory.stacks.flatMap(lines) + memory.swaps.map(line)
      + memory.filesystems.flatMap(lines)
      + memory.processes.flatMap(lines) + [next] + memory.pins.flatMap(lines)
      + memory.freezes.map(line) + memory.faults.map(line) + SimModelRecord.lines(memory)
  }

  private static func line(_ extent: Extent, _ kind: String) -> RecordLine {
    var line = RecordLine(kind)
    line.add("offset", extent.offset)
    line.add("length", extent.length)
    return line
  }

  private static func lines(_ stack: SimStack) -> [RecordLine] {
    var line = RecordLine("stack")
    line.add("number", stack.number)
    line.add("name", stack.name)
    return [line]
      + stack.pieces.map { piece in
        var line = self.line(piece.extent, "piece")
        line.add("volume", piece.volume.word)
        return line
      }
  }

  private static func line(_ partition: SimPartition) -> RecordLine {
    var line = self.line(partition.extent, "partition")
    line.add("region", partition.region)
    line.add("namespace", partition.id)
    line.add("number", partition.number)
    return line
  }

  private static func line(_ freeze: SimFreeze) -> RecordLine {
    var line = RecordLine("freeze")
    line.add("volume", freeze.volume.word)
    line.add("filesystem", freeze.isFilesystem ? 1 : 0)
    line.add("policy", freeze.policy.rawValue)
    line.add("stores", freeze.stores)
    line.add("cost", freeze.cost)
    return line
  }

  private static func line(_ fault: SimFaultInFlight) -> RecordLine {
    var line = self.line(fault.piece.extent, "fault")
    line.add("id", fault.id)
    line.add("pid", fault.pid)
    line.add("address", fault.address)
    line.add("store", fault.isStore ? 1 : 0)
    line.add("region", fault.piece.region)
    line.add("namespace", fault.piece.namespace)
    if fault.isStray { line.add("stray", 1) }
    return line
  }

  private static func line(_ swap: SimVolume) -> RecordLine {
    var line = RecordLine("swap")
    line.add("volume", swap.word)
    return line
  }

  private static func lines(_ filesystem: SimFilesystem) -> [RecordLine] {
    var line = RecordLine("filesystem")
    line.add("volume", filesystem.volume.word)
    line.add("type", filesystem.type)
    line.add("dax", filesystem.isDAX ? 1 : 0)
    line.add("next", filesystem.nextInode)
    if filesystem.isUnclean { line.add("unclean", 1) }
    let mounts = filesystem.places.map { place in
      var line = RecordLine("mount")
      line.add("place", place)
      return line
    }
    return [line] + mounts + SimModelRecord.lines(of: filesystem)
      + filesystem.files.flatMap { lines($0, "file") }
      + filesystem.committed.flatMap { lines($0, "committed") }
  }

  private static func lines(_ file: SimFile, _ kind: String) -> [RecordLine] {
    var line = RecordLine(kind)
    line.add("inode", file.inode)
    line.add("path", file.path)
    line.add("size", file.size)
    if file.isDeleted { line.add("deleted", 1) }
    return [line] + file.extents.map { self.line($0, "extent") } + SimModelRecord.lines(of: file)
  }

  private static func lines(_ process: SimProcess) -> [RecordLine] {
    var line = RecordLine("process")
    line.add("pid", process.pid)
    line.add("command", process.command)
    let open = process.open.map { source in
      var line = RecordLine("open")
      add(source, to: &line)
      return line
    }
    return [line] + open + process.mappings.flatMap(lines)
  }

  private static func add(_ source: SimSource, to line: inout RecordLine) {
    line.add("volume", source.volume.word)
    line.add("inode", source.inode)
  }

  private static func lines(_ mapping: SimMapping) -> [RecordLine] {
    var line = RecordLine("mapping")
    line.add("start", mapping.start)
    line.add("length", mapping.length)
    add(mapping.source, to: &line)
    line.add("offset", mapping.offset)
    line.add("writable", mapping.isWritable ? 1 : 0)
    if mapping.isSync { line.add("sync", 1) }
    line.add("page", mapping.pageSize)
    line.add("dax", mapping.isDAX ? 1 : 0)
    if mapping.isRevoked { line.add("revoked", 1) }
    return [line] + mapping.populated.extents.map { self.line($0, "populated") }
      + mapping.stored.extents.map { self.line($0, "stored") }
  }

  private static func lines(_ pin: SimPin) -> [RecordLine] {
    var line = RecordLine("pin")
    line.add("id", pin.id)
    line.add("pid", pin.pid)
    line.add("command", pin.command)
    line.add("kind", pin.kind.rawValue)
    line.add("address", pin.address)
    line.add("length", pin.length)
    if pin.isDangling { line.add("dangling", 1) }
    if let source = pin.source { add(source, to: &line) }
    line.add("offset", pin.offset)
    if pin.isDRAM { line.add("dram", 1) }
    return [line]
      + pin.pieces.map { piece in
        var line = self.line(piece.extent, "pinned")
        line.add("region", piece.region)
        line.add("namespace", piece.namespace)
        return line
      }
  }
}

/// Reads the lines back; what does not fit what was read before it was not written by ``SimMemoryRecord``.
struct SimMemoryReader {
  var memory = SimMemory()
  let regions: Int
  let file: String
  /// Whether the last file that was read is one of the journal.
  private var isCommitted = false

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
      memory.stacks.append(
        SimStack(number: try line.integer("number", file: file), name: line["name"] ?? "", pieces: []))
    case "piece":
      let piece = SimStack.Piece(volume: try volume(line), extent: try extent(line))
      try addToLast(\.stacks, line) { $0.pieces.append(piece) }
    case "swap": memory.swaps.append(try volume(line))
    case "filesystem":
      memory.filesystems.append(
        SimFilesystem(
          volume: try volume(line), type: line["type"] ?? "", places: [], isDAX: try flag("dax", line),
          nextInode: try line.integer("next", file: file), isUnclean: try flag("unclean", line)))
    case "mount":
      let place = line["place"] ?? ""
      guard place.hasPrefix("/") else { throw misfit(line) }
      try addToLast(\.filesystems, line) { $0.places.append(place) }
    case "file": try readFile(line)
    case "extent":
      let extent = try extent(line)
      try withLastFile(line) { $0.extents.append(extent) }
    case "process":
      let process = SimProcess(pid: try line.integer("pid", file: file), command: line["command"] ?? "")
      guard process.pid > 0, (memory.processes.last?.pid ?? 0) < process.pid else { throw misfit(line) }
      memory.processes.append(process)
    case "open":
      let source = try source(line)
      try addToLast(\.processes, line) { $0.open.append(source) }
    case "mapping": try readMapping(line)
    case "populated", "stored": try readPopulated(line)
    case "next-pin":
      memory.nextPin = try line.integer("id", file: file)
      guard (1...1 << 40).contains(memory.nextPin) else { throw misfit(line) }
    case "pin": try readPin(line)
    case "partition", "freeze", "fault": try readLast(line)
    case let kind where SimModelRecord.kinds.contains(kind): try readModel(line)
    default:
      let piece = try piece(line)
      try addToLast(\.pins, line) { $0.pieces.append(piece) }
    }
  }

  private func piece(_ line: RecordLine) throws(DeviceError) -> SimPin.Piece {
    let piece = SimPin.Piece(
      region: try line.integer("region", file: file), namespace: try line.integer("namespace", file: file),
      extent: try extent(line))
    guard (0..<regions).contains(piece.region) else { throw misfit(line) }
    return piece
  }

  private mutating func readLast(_ line: RecordLine) throws(DeviceError) {
    switch line.kind {
    case "partition":
      let piece = try piece(line)
      let number = try line.integer("number", file: file, as: Int.self)
      guard number > 0 else { throw misfit(line) }
      memory.partitions.append(
        SimPartition(region: piece.region, id: piece.namespace, number: number, extent: piece.extent))
    case "freeze":
      guard let policy = line["policy"].flatMap(SimFreezePolicy.init(rawValue:)) else { throw misfit(line) }
      memory.freezes.append(
        SimFreeze(
          volume: try volume(line), isFilesystem: try flag("filesystem", line), policy: policy,
          stores: try line.integer("stores", file: file), cost: try line.integer("cost", file: file)))
    default:
      guard (1...1 << 30).contains(try line.integer("id", file: file, as: Int.self)) else {
        throw misfit(line)
      }
      memory.faults.append(
        SimFaultInFlight(
          id: try line.integer("id", file: file), pid: try process(line),
          address: try line.integer("address", file: file), isStore: try flag("store", line),
          piece: try piece(line), isStray: try flag("stray", line)))
    }
  }

  mutating func readFile(_ line: RecordLine) throws(DeviceError) {
    let file = SimFile(
      inode: try line.integer("inode", file: file), path: line["path"] ?? "",
      size: try line.integer("size", file: file), extents: [], isDeleted: try flag("deleted", line))
    guard file.path.hasPrefix("/"), file.size <= 1 << 50 else { throw misfit(line) }
    isCommitted = line.kind == "committed"
    let list: WritableKeyPath<SimFilesystem, [SimFile]> = isCommitted ? \.committed : \.files
    try addToLast(\.filesystems, line) { $0[keyPath: list].append(file) }
  }

  mutating func withLastFile(_ line: RecordLine, _ body: (inout SimFile) -> Void) throws(DeviceError) {
    let list: WritableKeyPath<SimFilesystem, [SimFile]> = isCommitted ? \.committed : \.files
    guard let last = memory.filesystems.indices.last,
      let file = memory.filesystems[last][keyPath: list].indices.last
    else { throw misfit(line) }
    body(&memory.filesystems[last][keyPath: list][file])
  }

  func process(_ line: RecordLine) throws(DeviceError) -> Int {
    let pid = try line.integer("pid", file: file, as: Int.self)
    guard memory.processes.contains(where: { $0.pid == pid }) else { throw misfit(line) }
    return pid
  }

  private mutating func readMapping(_ line: RecordLine) throws(DeviceError) {
    let mapping = SimMapping(
      start: try line.integer("start", file: file), length: try line.integer("length", file: file),
      source: try source(line), offset: try line.integer("offset", file: file),
      isWritable: try flag("writable", line), isSync: try flag("sync", line),
      pageSize: try line.integer("page", file: file), isDAX: try flag("dax", line),
      isRevoked: try flag("revoked", line))
    let floor = memory.processes.last?.mappings.last?.end ?? 0
    let (_, overflow) = mapping.start.addingReportingOverflow(mapping.length)
    guard !overflow, mapping.start >= floor, mapping.pageSize >= 4096, mapping.pageSize <= 1 << 30,
      mapping.length > 0, mapping.length % mapping.pageSize == 0, mapping.offset < 1 << 52,
      mapping.length <= 1 << 50
    else { throw misfit(line) }
    try addToLast(\.processes, line) { $0.mappings.append(mapping) }
  }

  private mutating func readPopulated(_ line: RecordLine) throws(DeviceError) {
    let extent = try extent(line)
    guard let last = memory.processes.indices.last, let index = memory.processes[last].mappings.indices.last
    else { throw misfit(line) }
    let mapping = memory.processes[last].mappings[index]
    guard extent.offset < mapping.length, extent.length <= mapping.length - extent.offset else {
      throw misfit(line)
    }
    memory.processes[last].mappings[index].populated.insert(extent)
    if line.kind == "stored" { memory.processes[last].mappings[index].stored.insert(extent) }
  }

  private mutating func readPin(_ line: RecordLine) throws(DeviceError) {
    guard let kind = line["kind"].flatMap(SimPinKind.init(rawValue:)) else { throw misfit(line) }
    var pin = SimPin(
      id: try line.integer("id", file: file), pid: try line.integer("pid", file: file),
      command: line["command"] ?? "", kind: kind, address: try line.integer("address", file: file),
      length: try line.integer("length", file: file), pieces: [], isDangling: try flag("dangling", line))
    pin.source = line["volume"] == nil ? nil : try source(line)
    pin.offset = try line.optional("offset", file: file) ?? 0
    pin.isDRAM = try flag("dram", line)
    guard pin.offset <= 1 << 52, pin.id > memory.pins.last?.id ?? 0, pin.id < memory.nextPin,
      pin.length <= 1 << 50
    else {
      throw misfit(line)
    }
    memory.pins.append(pin)
  }

  // MARK: Fields

  func misfit(_ line: RecordLine) -> DeviceError {
    DeviceError(.corrupt, "\(file), line \(line.number): the \(line.kind) does not fit")
  }

  mutating func addToLast<Element>(
    _ list: WritableKeyPath<SimMemory, [Element]>, _ line: RecordLine, _ body: (inout Element) -> Void
  ) throws(DeviceError) {
    guard let last = memory[keyPath: list].indices.last else { throw misfit(line) }
    body(&memory[keyPath: list][last])
  }

  func flag(_ key: String, _ line: RecordLine) throws(DeviceError) -> Bool {
    try line.optional(key, file: file, as: Int.self) ?? 0 != 0
  }

  func volume(_ line: RecordLine) throws(DeviceError) -> SimVolume {
    guard let volume = line["volume"].flatMap(SimVolume.init(word:)) else { throw misfit(line) }
    if case .namespace(let region, _) = volume, !(0..<regions).contains(region) { throw misfit(line) }
    if case .partition = volume, !memory.partitions.contains(where: { $0.volume == volume }) {
      throw misfit(line)
    }
    // A stack is told of before what is on it, so that none is on itself.
    if case .stack(let number) = volume {
      let known = line.kind == "piece" ? memory.stacks.dropLast()[...] : memory.stacks[...]
      guard known.contains(where: { $0.number == number }) else { throw misfit(line) }
    }
    return volume
  }

  func source(_ line: RecordLine) throws(DeviceError) -> SimSource {
    SimSource(volume: try volume(line), inode: try line.optional("inode", file: file))
  }

  func extent(_ line: RecordLine) throws(DeviceError) -> Extent {
    let extent = Extent(
      offset: try line.integer("offset", file: file), length: try line.integer("length", file: file))
    guard extent.length > 0, extent.length <= 1 << 52, extent.offset <= 1 << 52 else { throw misfit(line) }
    return extent
  }
}
