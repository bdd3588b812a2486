import CPmemBPF
import Glibc
import PmemDevice
import SystemPackage

/// Finds who has persistent memory open: its devices, the files of filesystems on it, and who works in their directories.
struct DescriptorScanner {
  private let roots: HostRoots
  private let types: KernelTypeSource
  private let devices: DeviceTable
  private let processes: ProcessList

  init(_ devices: DeviceTable, roots: HostRoots, types: KernelTypeSource) {
    self.types = types
    self.devices = devices
    self.roots = roots
    processes = ProcessList(roots: roots)
  }

  struct Found {
    /// By process; each file of a process once. This process's own are left out: it holds nothing when it is done.
    var uses: [Usage] = []
    /// How many processes could not be looked at.
    var hidden = 0
    /// Also of this process; nil if the kernel does not report them.
    var files: [OpenFile]?
  }

  func scan() -> Found {
    if var found = try? iterate() {
      found.uses += (try? iterateDirectories()) ?? processes.pids.flatMap(directories)
      return found
    }
    var found = Found()
    for pid in processes.pids where !roots.isLive || pid != Int(getpid()) {
      if let uses = openFiles(pid) { found.uses += uses } else { found.hidden += 1 }
      found.uses += directories(pid)
    }
    return found
  }

  // MARK: Directories

  /// Of the links of a thread, by their numbers in ``FileUserIterator/directories(_:)``.
  private static let directoryLinks = ["cwd", "root"]

  /// A directory that a thread works in keeps its filesystem mounted, as an open file does.
  private func iterateDirectories() throws(Unavailable) -> [Usage] {
    struct Directory: Hashable {
      var process: UInt32
      var link: UInt64
      var host: UInt64
    }
    var uses: [Usage] = []
    var seen: Set<Directory> = []
    try FileUserIterator(devices, roots: roots, types: types).directories { user in
      let directory = Directory(process: user.process, link: user.start, host: user.host)
      guard Int(user.process) != Int(getpid()), Self.directoryLinks.indices.contains(Int(user.start)),
        seen.insert(directory).inserted,
        let target = devices.target(ofKernel: user.device, mode: UInt32(S_IFDIR))
      else { return }
      let name = ProcessName(pid: Int(user.process), command: FileUserIterator.command(user))
      uses += directoryUses(
        Self.directoryLinks[Int(user.start)], of: Int(user.thread), target, by: name)
    }
    return uses
  }

  private func directories(_ pid: Int) -> [Usage] {
    guard !roots.isLive || pid != Int(getpid()) else { return [] }
    return Self.directoryLinks.flatMap { link -> [Usage] in
      guard let facts = roots.files.facts(processes.directory(pid).appending(link).string),
        let target = devices.target(of: facts)
      else { return [] }
      return directoryUses(link, of: pid, target, by: processes.name(pid))
    }
  }

  private func directoryUses(
    _ link: String, of thread: Int, _ target: MappedTarget, by process: ProcessName
  ) -> [Usage] {
    // For the root filesystem, which every process has open: its mounts are reported instead.
    guard let path = KernelFile.link(processes.directory(thread).appending(link)), path.text != "/" else {
      return []
    }
    let words = link == "cwd" ? "its working directory" : "its root directory"
    return target.device.namespaces.map {
      Usage(
        kind: .open, namespace: $0, path: path, process: process, effect: .refused,
        advice: "stop process \(process.pid), which has \(path) as \(words)")
    }
  }

  // MARK: Descriptors

  private struct Descriptor: Hashable {
    var process: UInt32
    var number: UInt64
    var file: UInt64
  }

  /// By the kernel's iterator over descriptors, if it is available.
  private func iterate() throws(Unavailable) -> Found {
    var uses: [Usage] = []
    var files: [OpenFile] = []
    var seen: [Int: Set<RawText>] = [:]
    var looked: Set<Descriptor> = []
    try FileUserIterator(devices, roots: roots, types: types).descriptors { user in
      // Of a process whose first thread has ended each thread is reported, and may have tens of thousands.
      let own = Descriptor(process: user.process, number: user.start, file: user.file)
      guard let target = devices.target(ofKernel: user.device, mode: user.mode), !looked.contains(own) else {
        return
      }
      let pid = Int(user.process)
      guard pid != Int(getpid()) else { return files.append(OpenFile(user)) }
      let link = processes.directory(Int(user.thread)).appending("fd").appending("\(user.start)")
      // A descriptor that was closed meanwhile has no holder. One that /proc does not show has none either, until the
      // kernel's count shows otherwise.
      guard let path = KernelFile.link(link) else { return }
      looked.insert(own)
      files.append(OpenFile(user))
      guard seen[pid, default: []].insert(path).inserted else { return }
      uses += Self.uses(
        target, path, by: ProcessName(pid: pid, command: FileUserIterator.command(user)))
    }
    let sorted = uses.enumerated().sorted {
      ($0.element.process?.pid ?? 0, $0.offset) < ($1.element.process?.pid ?? 0, $1.offset)
    }
    return Found(uses: sorted.map(\.element), files: files)
  }

  /// nil if the process may not be inspected.
  private func openFiles(_ pid: Int) -> [Usage]? {
    // A process whose first thread has ended has its descriptors with another.
    let thread = processes.isZombie(pid) ? processes.threads(pid).first ?? pid : pid
    let directory = processes.directory(thread).appending("fd")
    guard let stream = opendir(directory.string) else { return errno == EACCES || errno == EPERM ? nil : [] }
    defer { closedir(stream) }
    var uses: [Usage] = []
    var seen: Set<RawText> = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard name != ".", name != "..", let file = facts(stream, directory, name),
        let target = devices.target(of: file)
      else { continue }
      let path = KernelFile.link(directory.appending(name)) ?? RawText(target.device.name)
      guard seen.insert(path).inserted else { continue }
      uses += Self.uses(target, path, by: processes.name(pid))
    }
    return uses
  }

  private func facts(_ stream: OpaquePointer, _ directory: FilePath, _ name: String) -> FileFacts? {
    roots.isLive ? FileFacts(name, in: dirfd(stream)) : roots.files.facts(directory.appending(name).string)
  }

  /// An open device harms no process, it returns errors after the teardown; a file keeps its filesystem mounted.
  private static func uses(_ target: MappedTarget, _ path: RawText, by process: ProcessName) -> [Usage] {
    let effect: Usage.Effect = if case .file = target { .refused } else { .errors }
    return target.device.namespaces.map {
      Usage(
        kind: .open, namespace: $0, path: path, process: process, effect: effect,
        advice: "stop process \(process.pid), or have it close \(path)")
    }
  }
}
