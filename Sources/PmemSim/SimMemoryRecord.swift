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
