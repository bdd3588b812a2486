import PmemDevice
import PmemModel

/// References to pages on a simulated machine, found as on a host: from the counters of pages and from what processes do,
/// not from what the machine knows of its pins.
struct SimPins {
  private let kernel: SimKernel
  private let rules: KernelRules

  init(_ kernel: SimKernel) {
    self.kernel = kernel
    rules = kernel.topology.profile.rules
  }

  func pins(of namespaces: [Namespace]) -> [DevicePins] {
    guard !kernel.view.hidden.contains(.pins) else { return unread(namespaces) }
    let evidence = evidence(SimUsage(kernel).allMappings(pid: nil))
    return namespaces.filter { $0.isEnabled && $0.mode.hasMemoryMap }.compactMap { namespace in
      guard let node = namespace.node else { return nil }
      let idle = rules.idleReferences(namespace.mode)
      let ranges = kernel.model.countedPages(DeviceID(namespace)).flatMap { pages -> [PinnedRange] in
        guard let holds = pages.count.decode(idleReferences: idle) else { return [] }
        return files(namespace, pages.extent).map { extent, file in
          PinnedRange(
            device: node, namespace: namespace.dev, extent: extent, pageSize: pages.pageSize,
            pins: holds.pins,
            references: holds.references, isExact: holds.isExact, kind: .unknown, duration: .longTerm,
            file: file)
        }
      }
      let reasons = evidence.filter { evidence in
        evidence.isReason && evidence.ranges?.contains { $0.namespace == namespace.dev } ?? true
      }
      return DevicePins(
        device: node, namespace: namespace.dev, mode: namespace.mode, size: namespace.size.rawValue,
        ranges: PinAttribution(namespace.dev, reasons, rules: rules).classified(Self.joined(ranges)))
    }
  }

  private func unread(_ namespaces: [Namespace]) -> [DevicePins] {
    namespaces.filter { $0.isEnabled && $0.mode.hasMemoryMap }.compactMap { namespace in
      namespace.node.map { node in
        DevicePins(
          device: node, namespace: namespace.dev, mode: namespace.mode, size: namespace.size.rawValue,
          unknown: "this process has no CAP_BPF and CAP_PERFMON")
      }
    }
  }

  private static func joined(_ ranges: [PinnedRange]) -> [PinnedRange] {
    var found: [PinnedRange] = []
    for range in ranges {
      if var last = found.last, last.extent.offset + last.extent.length == range.extent.offset,
        last.pins == range.pins, last.references == range.references, last.isExact == range.isExact,
        last.file?.inode == range.file?.inode,
        range.file.map({ $0.offset == (last.file?.offset ?? 0) + last.extent.length }) ?? true
      {
        last.extent.length += range.extent.length
        found[found.count - 1] = last
      } else {
        found.append(range)
      }
    }
    return found
  }

  /// A range in pieces of one file each.
  private func files(_ namespace: Namespace, _ range: Extent) -> [(Extent, PinnedFile?)] {
    var pieces: [(Extent, PinnedFile?)] = []
    for filesystem in kernel.model.state.filesystems {
      for file in filesystem.files {
        let own = SimFiles(kernel).pieces(of: file, on: filesystem.volume, DeviceID(namespace))
        for piece in own {
          guard let part = piece.extent.intersection(range) else { continue }
          pieces.append(
            (
              part,
              PinnedFile(
                path: SimUsage.path(file, on: filesystem), inode: file.inode,
                offset: piece.logical + part.offset - piece.extent.offset)
            ))
        }
      }
    }
    pieces.sort { $0.0.offset < $1.0.offset }
    // The part between is in no file, or in none any more.
    var found: [(Extent, PinnedFile?)] = []
    var cursor = range.offset
    for piece in pieces {
      if piece.0.offset > cursor {
        found.append((Extent(offset: cursor, length: piece.0.offset - cursor), nil))
      }
      found.append(piece)
      cursor = piece.0.offset + piece.0.length
    }
    let end = range.offset + range.length
    if cursor < end { found.append((Extent(offset: cursor, length: end - cursor), nil)) }
    return found
  }

  // MARK: Evidence

  /// The evidence that /proc would show for each pin.
  func evidence(_ mappings: [Mapping]) -> [PinEvidence] {
    kernel.model.state.pins.compactMap { pin -> PinEvidence? in
      guard pin.pid != 0 else { return nil }
      let process = ProcessName(pid: pin.pid.rawValue, command: RawText(pin.command))
      switch pin.kind {
      case .ioUring:
        let ranges = ranges(pin, mappings)
        return PinEvidence(
          process: process, evidence: .ioUring(bytes: pin.length), ranges: ranges.isEmpty ? nil : ranges,
          pins: 1)
      case .rdma:
        return PinEvidence(process: process, evidence: .rdma(device: "sim", bytes: pin.length), pins: 1)
      case .vfio:
        let mapped = mappings.filter { $0.process.pid == pin.pid.rawValue }.flatMap {
          $0.namespaceRanges ?? []
        }
        return PinEvidence(
          process: process, evidence: .vfio(name: "/dev/vfio/vfio"), ranges: mapped.isEmpty ? nil : mapped,
          pins: 0)
      case .directIO:
        let ranges = ranges(pin, mappings)
        return PinEvidence(
          process: process, evidence: .directIO(bytes: pin.length), ranges: ranges.isEmpty ? nil : ranges,
          pins: 1)
      case .vmsplice: return PinEvidence(process: process, evidence: .pipe(bytes: pin.length), pins: 0)
      case .zerocopy, .migration, .isolation, .lookup, .filesystem: return nil
      }
    }
  }

  /// Translates a pin's addresses to namespaces, as far as they are still mapped.
  private func ranges(_ pin: Pin, _ mappings: [Mapping]) -> [NamespaceRange] {
    mappings.filter { $0.process.pid == pin.pid.rawValue }.flatMap { $0.ranges(pin.address, pin.length) }
  }
}
