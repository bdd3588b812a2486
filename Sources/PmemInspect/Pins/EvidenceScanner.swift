import CPmemShims
import Glibc
import PmemDevice
import SystemPackage

/// Gathers what processes do that pins memory: buffers of io_uring, memory regions for RDMA, VFIO, virtual machines,
/// system calls under way.
struct EvidenceScanner {
  private let processes: ProcessList
  private let roots: HostRoots
  private let types: KernelTypeSource?
  /// By process.
  private let mappings: [Int: [Mapping]]

  /// - Parameters:
  ///   - mappings: With their ranges on namespaces.
  ///   - roots: Of the host.
  ///   - types: Of its kernel, if that may be asked which processes to look at.
  init(_ mappings: [Mapping], roots: HostRoots, types: KernelTypeSource? = nil) {
    self.types = types
    self.mappings = Dictionary(grouping: mappings) { $0.process.pid }
    self.roots = roots
    processes = ProcessList(roots: roots)
  }

  /// - Parameter isPinned: Whether anything is pinned: only then calls under way and processes' own accounts matter.
  /// - Returns: By process; and how many could not be looked at.
  func gather(isPinned: Bool) -> (evidence: [PinEvidence], hiddenProcesses: Int) {
    var found: [PinEvidence] = []
    var hidden = 0
    let regions = Dictionary(grouping: memoryRegions, by: \.process.pid)
    for pid in isPinned ? processes.pids : holders {
      guard let own = descriptors(pid) else {
        hidden += 1
        continue
      }
      let registered = own + (regions[pid] ?? [])
      found += registered
      if isPinned { found += systemCalls(pid) + unexplainedPins(pid, registered) }
    }
    return (found, hidden)
  }

  /// The processes that may have one of the descriptors that are looked for, in order.
  private var holders: [Int] {
    guard let types,
      let found = try? FileUserIterator(nil, roots: roots, types: types).ringHolders()
    else { return processes.pids }
    return found
  }

  // MARK: Descriptors

  /// nil if the process may not be inspected.
  private func descriptors(_ pid: Int) -> [PinEvidence]? {
    let directory = processes.directory(pid)
    let descriptors = KernelFile.names(directory.appending("fd"))
    if descriptors.isEmpty, !roots.isLive || access(directory.appending("fd").string, R_OK | X_OK) != 0,
      errno == EACCES || errno == EPERM
    {
      return nil
    }
    var found: [PinEvidence] = []
    var devices: Set<String> = []
    for descriptor in descriptors.compactMap({ Int($0) }).sorted() {
      guard let link = KernelFile.link(directory.appending("fd").appending("\(descriptor)"))?.text else {
        continue
      }
      if link == "anon_inode:[io_uring]" {
        found += buffers(pid, descriptor)
      } else if link == "anon_inode:kvm-vm" {
        found.append(
          PinEvidence(process: processes.name(pid), evidence: .kvm, ranges: mapped(pid), pins: 0))
      } else if let device = Self.dmaDevice(link) {
        devices.insert(device)
      }
    }
    guard !devices.isEmpty else { return found }
    // The container has no more specific name than its groups.
    let named = devices.filter { $0 != Self.container }.sorted()
    let evidence = PinHolder.Evidence.vfio(
      name: named.isEmpty ? Self.container : named.joined(separator: ", "))
    let mapped = mapped(pid)
    found.append(
      PinEvidence(
        process: processes.name(pid), evidence: evidence, ranges: mapped.isEmpty ? nil : mapped, pins: 0))
    return found
  }

  private static let container = "/dev/vfio/vfio"

  /// Descriptors through which a process has devices read and write its memory (drivers/vfio, drivers/iommu/iommufd,
  /// drivers/vhost).
  private static func dmaDevice(_ link: String) -> String? {
    if link.hasPrefix("anon_inode:[vfio") || link.hasPrefix("anon_inode:[iommufd") { return "vfio" }
    let isOne = ["/dev/vfio/", "/dev/iommu", "/dev/vhost-vdpa", "/dev/vduse/"].contains { link.hasPrefix($0) }
    return isOne ? link : nil
  }

  /// All that a process maps.
  private func mapped(_ pid: Int) -> [NamespaceRange] {
    mappings[pid, default: []].flatMap { $0.namespaceRanges ?? [] }
  }

  /// io_uring/fdinfo.c: a line `  INDEX: 0xADDRESS/LENGTH` for each, behind `UserBufs: COUNT`.
  private func buffers(_ pid: Int, _ descriptor: Int) -> [PinEvidence] {
    let file = processes.directory(pid).appending("fdinfo").appending("\(descriptor)")
    guard let bytes = KernelFile.read(file) else { return [] }
    let name = processes.name(pid)
    return RingBuffers.parse(bytes).map { buffer in
      let ranges = ranges(pid, buffer.address, buffer.length)
      return PinEvidence(
        process: name, evidence: .ioUring(bytes: buffer.length), ranges: ranges.isEmpty ? nil : ranges,
        pins: 1)
    }
  }

  /// Translates a range of a process's addresses to namespaces.
  private func ranges(_ pid: Int, _ address: UInt64, _ length: UInt64) -> [NamespaceRange] {
    mappings[pid, default: []].flatMap { $0.ranges(address, length) }
  }

  // MARK: RDMA

  private var memoryRegions: [PinEvidence] {
    guard roots.isLive, !KernelFile.names(roots.sys.appending("class/infiniband")).isEmpty else { return [] }
    var regions = [CPmem_rdma_region](repeating: CPmem_rdma_region(), count: 4096)
    let count = Int(CPmem_rdma_regions(&regions, UInt32(regions.count)))
    guard count > 0 else { return [] }
    // A region of all memory (on-demand paging) is recognised by its length, and pins nothing.
    return regions[..<count].filter { $0.length < 1 << 56 }.map { region in
      let device = withUnsafeBytes(of: region.device) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      return PinEvidence(
        process: processes.name(Int(region.process)), evidence: .rdma(device: device, bytes: region.length),
        pins: 1)
    }
  }

  // MARK: Pipes

  /// Processes with data in pipes. Descriptors are duplicated to ask, and closed at once (pidfd_getfd, 5.6).
  var pipes: [PinEvidence] {
    guard roots.isLive else { return [] }
    return processes.pids.compactMap { pid in
      let directory = processes.directory(pid).appending("fd")
      var seen: Set<RawText> = []
      let bytes = KernelFile.names(directory).reduce(0 as UInt64) { sum, name in
        guard let link = KernelFile.link(directory.appending(name)), link.text.hasPrefix("pipe:"),
          seen.insert(link).inserted, let number = Int32(name)
        else { return sum }
        return sum + UInt64(max(0, CPmem_bytes_in_pipe(Int32(pid), number)))
      }
      guard bytes > 0 else { return nil }
      return PinEvidence(process: processes.name(pid), evidence: .pipe(bytes: bytes), pins: 0)
    }
  }

  // MARK: System calls

  /// Calls that read or write a buffer, by their numbers on x86-64: read, write, pread64, pwrite64, recvfrom, sendto.
  private static let transfers: Set<Int> = [0, 1, 17, 18, 44, 45]

  /// Threads in a transfer to or from persistent memory, or an address without a mapping: there may have been one.
  private func systemCalls(_ pid: Int) -> [PinEvidence] {
    let name = processes.name(pid)
    let tasks = processes.directory(pid).appending("task")
    return KernelFile.names(tasks).sorted().compactMap { thread -> PinEvidence? in
      guard let line = KernelFile.line(tasks.appending(thread).appending("syscall")) else { return nil }
      let words = line.split(separator: " ")
      guard words.count > 3, let number = Int(words[0]), Self.transfers.contains(number),
        let address = UInt64(words[2].dropFirst(2), radix: 16),
        let length = UInt64(words[3].dropFirst(2), radix: 16), length > 0
      else { return nil }
      let ranges = ranges(pid, address, length)
      guard !ranges.isEmpty || !isMapped(pid, address) else { return nil }
      return PinEvidence(
        process: name, evidence: .directIO(bytes: length), ranges: ranges.isEmpty ? nil : ranges, pins: 1)
    }
  }

  /// Whether an address of a process means anything now.
  private func isMapped(_ pid: Int, _ address: UInt64) -> Bool {
    guard let maps = KernelFile.read(processes.directory(pid).appending("maps")) else { return true }
    return maps.split(separator: UInt8(ascii: "\n")).contains { line in
      let range = line.prefix { $0 != UInt8(ascii: " ") }.split(separator: UInt8(ascii: "-"))
      let bounds = range.compactMap { UInt64(String(decoding: $0, as: UTF8.self), radix: 16) }
      return bounds.count == 2 && bounds[0] <= address && address < bounds[1]
    }
  }

  // MARK: Counters

  /// VmPin, less the amount that other evidence accounts for.
  private func unexplainedPins(_ pid: Int, _ known: [PinEvidence]) -> [PinEvidence] {
    guard let total = processes.pinnedBytes(pid) else { return [] }
    let told = known.reduce(0 as UInt64) { sum, evidence in
      switch evidence.evidence {
      case .ioUring(let bytes), .rdma(_, let bytes): sum + bytes
      default: sum
      }
    }
    guard total > told else { return [] }
    return [PinEvidence(process: processes.name(pid), evidence: .pinned(bytes: total - told), pins: 0)]
  }
}

/// The registered buffers in the fdinfo of a ring.
enum RingBuffers {
  /// - Returns: Each buffer's address and length, bytes; none if the kernel could not take the ring's lock.
  static func parse(_ text: [UInt8]) -> [(address: UInt64, length: UInt64)] {
    var found: [(address: UInt64, length: UInt64)] = []
    var isInside = false
    for line in text.split(separator: UInt8(ascii: "\n")) {
      if line.starts(with: "UserBufs:".utf8) {
        isInside = true
      } else if isInside {
        // The list ends with the first line that is not one of its own.
        guard line.first == UInt8(ascii: " ") else { break }
        let words = String(decoding: line, as: UTF8.self).split(whereSeparator: { $0 == ":" || $0 == "/" })
        guard words.count == 3, let start = words[1].firstIndex(of: "x"),
          let address = UInt64(words[1][words[1].index(after: start)...], radix: 16),
          let length = UInt64(words[2])
        else { continue }
        found.append((address, length))
      }
    }
    return found
  }
}
