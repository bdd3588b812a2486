import Glibc
import PmemDevice
import SystemPackage

/// Finds the references to pages of namespaces: counts from the kernel's memory map, who may hold them from what processes
/// do.
struct PinScanner {
  private let roots: HostRoots
  private let inventory: Inventory
  private let types: KernelTypeSource
  private let readingPages: () -> (UInt64, UInt64) -> Void

  init(
    _ inventory: Inventory, roots: HostRoots, types: KernelTypeSource,
    readingPages: @escaping () -> (UInt64, UInt64) -> Void
  ) {
    self.readingPages = readingPages
    self.inventory = inventory
    self.roots = roots
    self.types = types
  }

  /// The reader of counts; created once for all devices.
  private struct Reader {
    var pages: PageScanner
    /// nil if files are not asked for, or cannot be found.
    var owner: PageOwner?
  }

  /// A device with pages, or a piece of one.
  private struct Subject {
    var namespace: Namespace
    var device: String
    var size: UInt64
    var align: UInt64
    /// Physical addresses, and the start of each on the device.
    var pieces: [(range: Range<UInt64>, offset: UInt64)]

    var pages: UInt64 { pieces.reduce(0) { $0 + UInt64($1.range.count) / 4096 } }
  }

  /// - Parameters:
  ///   - namespaces: Which; those without pages are passed over.
  ///   - evidence: Who may hold pins; nil: not asked for, nor are files and duration.
  /// - Returns: A device for each, or the reason why it could not be read.
  func scan(_ namespaces: [Namespace], evidence: [PinEvidence]?) -> [DevicePins] {
    let subjects = namespaces.filter { $0.isEnabled && hasOwnPages($0) }.flatMap(subjects)
    guard !subjects.isEmpty else { return [] }
    // Searched for only if there are references that are no pins.
    var pipes: [PinEvidence]?
    let reader: Reader
    do throws(Unavailable) { reader = try makeReader(isAttributed: evidence != nil) } catch {
      return subjects.map { unknown($0, error.reason, evidence ?? []) }
    }
    let total = subjects.reduce(0) { $0 + $1.pages }
    let progress = readingPages()
    var passed: UInt64 = 0
    defer { progress(total, total) }
    return subjects.map { subject in
      defer { passed += subject.pages }
      let first = held(subject, reader) { progress(passed + $0, total) }
      guard var held = first else {
        return unknown(
          subject, "it has no readable memory map, or was removed meanwhile", evidence ?? [])
      }
      guard let evidence, !held.isEmpty else { return pins(subject, PinWatch(held), reader, [], false) }
      var watch = PinWatch(held)
      for pause in PinWatch.pauses {
        usleep(pause)
        guard let again = self.held(subject, reader, progress: { _ in }) else { break }
        watch.add(again)
      }
      held = watch.held
      let isReferenced = held.contains { $0.holds.references > 0 }
      if isReferenced, pipes == nil { pipes = EvidenceScanner([], roots: roots).pipes }
      return pins(subject, watch, reader, evidence + (isReferenced ? pipes ?? [] : []), true)
    }
  }

  private func makeReader(isAttributed: Bool) throws(Unavailable) -> Reader {
    guard roots.isLive else { throw Unavailable("this is a recorded host") }
    let types = try types.types()
    let memory = try KernelMemory()
    let pages = try PageScanner(memory, types, rules: inventory.host.rules)
    let owner =
      isAttributed
      ? try? PageOwner(memory, types, MountTable(ProcessList(roots: roots, types: self.types))) : nil
    return Reader(pages: pages, owner: owner)
  }

  // MARK: Devices

  /// Whether the memory map at a namespace's address is the namespace's. Addresses of the kernel's simulated NVDIMMs are no
  /// physical ones, and their pages are vmalloc's (linux: tools/testing/nvdimm/test/nfit.c:__test_alloc, iomap.c:
  /// __wrap_devm_memremap_pages).
  private func hasOwnPages(_ namespace: Namespace) -> Bool {
    guard namespace.standsFor == nil, let region = inventory.region(of: namespace),
      let bus = inventory.bus(of: region)
    else { return true }
    return !bus.provider.hasPrefix("nfit_test.")
  }

  private func subjects(_ namespace: Namespace) -> [Subject] {
    if let region = namespace.daxRegion {
      return region.devices.filter { $0.mode == .devdax && $0.isEnabled }.map { device in
        Subject(
          namespace: namespace, device: device.chardev, size: device.size.rawValue, align: device.align,
          pieces: device.mappings.map { (range: $0.start..<($0.end + 1), offset: $0.pageOffset * 4096) })
      }
    }
    guard namespace.mode == .fsdax, let node = namespace.blockDevice else { return [] }
    let size = namespace.size.rawValue / 4096 * 4096
    // An e820 range is mapped as it is, without anything that claims it.
    let start = namespace.holder.map(dataStart) ?? namespace.resource
    let pieces = start.map { [(range: $0..<($0 + size), offset: UInt64(0))] }
    return [Subject(namespace: namespace, device: node, size: size, align: 4096, pieces: pieces ?? [])]
  }

  /// The start of a pfn device's data; nil if it is not reported.
  private func dataStart(_ holder: String) -> UInt64? {
    let file = roots.sys.appending("bus/nd/devices").appending(holder).appending("resource")
    return KernelFile.line(file).flatMap { UInt64($0.dropFirst(2), radix: 16) }
  }

  private func unknown(_ subject: Subject, _ reason: String, _ evidence: [PinEvidence]) -> DevicePins {
    DevicePins(
      device: subject.device, namespace: subject.namespace.dev, mode: subject.namespace.mode,
      size: subject.size, unknown: reason,
      suspects: evidence.filter { touches($0, subject) && $0.isReason }.map {
        PinHolder(process: $0.process, evidence: $0.evidence, pins: nil)
      })
  }

  private func touches(_ evidence: PinEvidence, _ subject: Subject) -> Bool {
    evidence.ranges?.contains { $0.namespace == subject.namespace.dev } ?? true
  }

  // MARK: Counts

  /// - Parameters:
  ///   - subject: Whose pages.
  ///   - reader: Reads them.
  ///   - progress: Gets how many pages of the subject are read.
  /// - Returns: Runs of pages that are held, in order; nil if they could not be read.
  private func held(_ subject: Subject, _ reader: Reader, progress: (UInt64) -> Void) -> [ReferencedPageRun]?
  {
    guard !subject.pieces.isEmpty else { return nil }
    var found: [ReferencedPageRun] = []
    var passed: UInt64 = 0
    for piece in subject.pieces {
      let held = reader.pages.held(
        in: piece.range, at: piece.offset, mode: subject.namespace.mode, align: subject.align,
        progress: { progress(passed + $0) })
      guard let held else { return nil }
      found += held
      passed += UInt64(piece.range.count) / 4096
    }
    // A device that was disabled and enabled meanwhile has other pages.
    return isStill(subject) ? found : nil
  }

  private func isStill(_ subject: Subject) -> Bool {
    guard let holder = subject.namespace.holder else { return true }
    let driver = roots.sys.appending("bus/nd/devices").appending(holder).appending("driver")
    return KernelFile.link(driver) != nil
  }

  // MARK: Who

  private func pins(
    _ subject: Subject, _ watch: PinWatch, _ reader: Reader, _ evidence: [PinEvidence], _ isWatched: Bool
  ) -> DevicePins {
    let reasons = evidence.filter { touches($0, subject) && $0.isReason }
    let ranges = watch.pieces.map { pages, isLasting in
      PinnedRange(
        device: subject.device, namespace: subject.namespace.dev,
        extent: Extent(offset: pages.offset, length: pages.length), pageSize: pages.pageSize,
        pins: pages.holds.pins, references: pages.holds.references, isExact: pages.holds.isExact,
        kind: .unknown, duration: isWatched ? isLasting ? .longTerm : .transient : nil,
        file: reader.owner?.file(pages.mapping, index: pages.index))
    }
    let attribution = PinAttribution(subject.namespace.dev, reasons, rules: inventory.host.rules)
    return DevicePins(
      device: subject.device, namespace: subject.namespace.dev, mode: subject.namespace.mode,
      size: subject.size, ranges: attribution.classified(ranges))
  }
}
