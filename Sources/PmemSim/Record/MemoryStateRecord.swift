import PmemDevice
import PmemModel

/// The processes of a machine as lines of its `runtime` file: stacks, filesystems with their files, processes with
/// their open files and mappings, pins; each followed by its parts.
enum MemoryStateRecord {
  private static let own: Set<String> = [
    "stack", "piece", "swap", "filesystem", "mount", "file", "extent", "process", "open", "mapping",
    "populated", "stored", "copied", "partition", "freeze", "fault",
    "next-pin", "pin", "pinned",
  ]
  static let kinds = own.union(PageStateRecord.kinds)

  // MARK: Writing

  static func lines(_ memory: MemoryState) -> [RecordLine] {
    var next = RecordLine("next-pin")
    next.add("id", memory.nextPin)
    return memory.partitions.map(line) + memory.stacks.flatMap(lines) + memory.swaps.map(line)
      + memory.filesystems.flatMap(lines)
      + memory.processes.flatMap(lines) + [next] + memory.pins.flatMap(lines)
      + memory.freezes.map(line) + memory.pageFaults.map(line) + PageStateRecord.lines(memory)
  }

  private static func line(_ extent: Extent, _ kind: String) -> RecordLine {
    var line = RecordLine(kind)
    line.add("offset", extent.offset)
    line.add("length", extent.length)
    return line
  }

  private static func lines(_ stack: StackedDevice) -> [RecordLine] {
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

  private static func line(_ partition: Partition) -> RecordLine {
    var line = self.line(partition.extent, "partition")
    line.add("region", partition.disk.region)
    line.add("namespace", partition.disk.namespace)
    line.add("number", partition.number)
    return line
  }

  private static func line(_ freeze: Freeze) -> RecordLine {
    var line = RecordLine("freeze")
    line.add("volume", freeze.volume.word)
    line.add("filesystem", freeze.isFilesystem ? 1 : 0)
    line.add("policy", freeze.policy.rawValue)
    line.add("stage", freeze.stage.rawValue)
    line.add("stores", freeze.stores)
    line.add("cost", freeze.cost)
    return line
  }

  private static func line(_ fault: PageFault) -> RecordLine {
    var line = self.line(fault.piece.extent, "fault")
    line.add("id", fault.id.rawValue)
    line.add("pid", fault.pid.rawValue)
    line.add("address", fault.address)
    line.add("store", fault.isStore ? 1 : 0)
    line.add("region", fault.piece.device.region)
    line.add("namespace", fault.piece.device.namespace)
    if fault.isStray { line.add("stray", 1) }
    return line
  }

  private static func line(_ swap: Volume) -> RecordLine {
    var line = RecordLine("swap")
    line.add("volume", swap.word)
    return line
  }

  private static func lines(_ filesystem: Filesystem) -> [RecordLine] {
    var line = RecordLine("filesystem")
    line.add("volume", filesystem.volume.word)
    line.add("type", filesystem.type)
    line.add("dax", filesystem.isDAX ? 1 : 0)
    line.add("next", filesystem.nextInode)
    line.add("size", filesystem.size)
    if filesystem.isLive { line.add("live", 1) }
    let mounts = filesystem.mountPoints.map { mountPoint in
      var line = RecordLine("mount")
      line.add("place", mountPoint)
      return line
    }
    return [line] + mounts + PageStateRecord.lines(of: filesystem)
      + filesystem.files.flatMap { lines($0, "file") }
      + filesystem.committed.flatMap { lines($0, "committed") }
  }

  private static func lines(_ file: ModelFile, _ kind: String) -> [RecordLine] {
    var line = RecordLine(kind)
    line.add("inode", file.inode)
    line.add("number", file.number)
    line.add("path", file.path)
    line.add("size", file.size)
    if file.isDeleted { line.add("deleted", 1) }
    return [line] + file.extents.map { self.line($0, "extent") } + PageStateRecord.lines(of: file)
  }

  private static func lines(_ process: ModelProcess) -> [RecordLine] {
    var line = RecordLine("process")
    line.add("pid", process.pid.rawValue)
    line.add("command", process.command)
    let open = process.open.map { source in
      var line = RecordLine("open")
      add(source, to: &line)
      return line
    }
    return [line] + open + process.mappings.flatMap(lines)
  }

  private static func add(_ source: MappedObject, to line: inout RecordLine) {
    line.add("volume", source.volume.word)
    line.add("inode", source.inode)
  }

  private static func lines(_ mapping: MemoryMapping) -> [RecordLine] {
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
    if mapping.isPrivate { line.add("private", 1) }
    return [line] + mapping.presentPTEs.extents.map { self.line($0, "populated") }
      + mapping.writablePTEs.extents.map { self.line($0, "stored") }
      + mapping.anonymous.extents.map { self.line($0, "copied") }
  }

  private static func lines(_ pin: Pin) -> [RecordLine] {
    var line = RecordLine("pin")
    line.add("id", pin.id.rawValue)
    line.add("pid", pin.pid.rawValue)
    line.add("command", pin.command)
    line.add("kind", pin.kind.rawValue)
    line.add("address", pin.address)
    line.add("length", pin.length)
    if pin.isDangling { line.add("dangling", 1) }
    if let source = pin.source { add(source, to: &line) }
    line.add("offset", pin.offset)
    if pin.isDRAM { line.add("dram", 1) }
    if pin.detachedFrom != .max { line.add("detached", pin.detachedFrom) }
    if !pin.isWrite { line.add("reads", 1) }
    if pin.isOnDemand { line.add("demand", 1) }
    return [line]
      + pin.pieces.map { piece in
        var line = self.line(piece.extent, "pinned")
        line.add("region", piece.device.region)
        line.add("namespace", piece.device.namespace)
        return line
      }
  }
}
