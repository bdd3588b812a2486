import PmemDevice
import SystemPackage

/// Mappings from the text of /proc/PID/maps, in every process.
struct ListedMappings: MappingSource {
  private let processes: ProcessList
  private var judge: FileClassifier

  init(_ devices: DeviceTable, roots: HostRoots) {
    processes = ProcessList(roots: roots)
    judge = FileClassifier(devices, roots: roots)
  }

  mutating func find(pid: Int?) -> FoundMappings {
    var found: [FoundMapping] = []
    var hidden = 0
    var bytes: [UInt8] = []
    for pid in pid.map({ [$0] }) ?? processes.pids {
      switch processes.maps(pid, into: &bytes) {
      case .hidden: hidden += 1
      case .gone: break
      case .shown(let thread): found += mappings(pid, thread, bytes)
      }
    }
    return FoundMappings(way: .maps, mappings: found, hidden: hidden)
  }

  private mutating func mappings(_ pid: Int, _ thread: Int, _ bytes: [UInt8]) -> [FoundMapping] {
    var found: [FoundMapping] = []
    let directory = processes.directory(thread)
    var target: MappedTarget?
    MapsText(bytes).forEach { file, line in
      target = judge.target(
        of: file,
        link: {
          let line = line()
          return directory.appending("map_files").appending(MappingDetails.linkName(line.start, line.end))
        }, path: { line().path })
      return target != nil ? true : judge.isKnown(file) ? false : nil
    } _: { line in
      guard let target else { return }
      found.append(
        FoundMapping(
          pid: pid, thread: thread, start: line.start, end: line.end, offset: line.offset,
          inode: line.file.inode,
          permissions: String(decoding: line.permissions, as: UTF8.self), target: target, path: line.path))
    }
    return found
  }
}
