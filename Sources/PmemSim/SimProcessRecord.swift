import PmemDevice

/// Processes as lines of the machine's `runtime` file: each process, then its mappings, then what is populated of each.
enum SimProcessRecord {
  static func lines(_ process: SimProcess) -> [RecordLine] {
    var line = RecordLine("process")
    line.add("pid", process.pid)
    line.add("command", process.command)
    return [line] + process.mappings.flatMap(lines)
  }

  private static func lines(_ mapping: SimMapping) -> [RecordLine] {
    var line = RecordLine("mapping")
    line.add("start", mapping.start)
    line.add("length", mapping.length)
    line.add("region", mapping.region)
    line.add("namespace", mapping.namespace)
    line.add("offset", mapping.offset)
    line.add("writable", mapping.isWritable ? 1 : 0)
    line.add("page", mapping.pageSize)
    line.add("dax", mapping.isDAX ? 1 : 0)
    if mapping.isRevoked { line.add("revoked", 1) }
    return [line]
      + mapping.populated.map { extent in
        var line = RecordLine("populated")
        line.add("offset", extent.offset)
        line.add("length", extent.length)
        return line
      }
  }

  /// Reads a line back; what does not fit what was read before it was not written by ``lines(_:)``.
  static func read(
    _ line: RecordLine, into processes: inout [SimProcess], regions: [SimRegion], file: String
  ) throws(DeviceError) {
    let misfit = DeviceError(.corrupt, "\(file), line \(line.number): the \(line.kind) does not fit")
    if line.kind == "process" {
      let process = SimProcess(pid: try line.integer("pid", file: file), command: line["command"] ?? "")
      guard process.pid > 0, (processes.last?.pid ?? 0) < process.pid else { throw misfit }
      processes.append(process)
      return
    }
    guard let last = processes.indices.last else { throw misfit }
    if line.kind == "mapping" {
      let mapping = try mapping(line, file)
      let floor = processes[last].mappings.last?.end ?? 0
      let (_, overflow) = mapping.start.addingReportingOverflow(mapping.length)
      guard !overflow, mapping.start >= floor, regions.indices.contains(mapping.region),
        mapping.pageSize >= 4096,
        mapping.pageSize <= 1 << 30, mapping.length > 0, mapping.length % mapping.pageSize == 0,
        mapping.offset < 1 << 52, mapping.length <= 1 << 50
      else { throw misfit }
      processes[last].mappings.append(mapping)
    } else {
      guard let index = processes[last].mappings.indices.last else { throw misfit }
      let extent = Extent(
        offset: try line.integer("offset", file: file), length: try line.integer("length", file: file))
      let mapping = processes[last].mappings[index]
      let floor = mapping.populated.last.map { $0.offset + $0.length } ?? 0
      guard extent.length > 0, extent.offset >= floor, extent.offset < mapping.length,
        extent.length <= mapping.length - extent.offset
      else { throw misfit }
      processes[last].mappings[index].populated.append(extent)
    }
  }

  private static func mapping(_ line: RecordLine, _ file: String) throws(DeviceError) -> SimMapping {
    SimMapping(
      start: try line.integer("start", file: file), length: try line.integer("length", file: file),
      region: try line.integer("region", file: file), namespace: try line.integer("namespace", file: file),
      offset: try line.integer("offset", file: file),
      isWritable: try line.integer("writable", file: file, as: Int.self) != 0,
      pageSize: try line.integer("page", file: file),
      isDAX: try line.integer("dax", file: file, as: Int.self) != 0,
      isRevoked: try line.optional("revoked", file: file, as: Int.self) == 1)
  }
}
