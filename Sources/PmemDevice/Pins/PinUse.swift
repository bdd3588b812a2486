/// References to pages as uses: one for each namespace, and one for each process that is known to have made them.
public struct PinUse {
  private let rules: KernelRules
  private let evidence: [PinEvidence]

  /// - Parameters:
  ///   - rules: The kernel's.
  ///   - evidence: Activities of processes that take references.
  public init(_ rules: KernelRules, _ evidence: [PinEvidence]) {
    self.rules = rules
    self.evidence = evidence
  }

  /// The uses of a namespace.
  ///
  /// - Parameters:
  ///   - namespace: Its kernel name.
  ///   - pins: Found on its devices.
  /// - Returns: The pins, then who made them.
  public func uses(of namespace: String, _ pins: [DevicePins]) -> [Usage] {
    pins.compactMap { total($0) } + made(of: namespace, pins)
  }

  /// One use for each process and kind, though it may have thousands of buffers.
  private func made(of namespace: String, _ pins: [DevicePins]) -> [Usage] {
    let held = Self.heldBytes(pins)
    var uses: [Usage] = []
    var known: [UseKey: Int] = [:]
    for use in evidence.compactMap({ use($0, of: namespace, held) }) {
      let key = UseKey(kind: use.kind, process: use.process)
      if let index = known[key] {
        uses[index].bytes = (uses[index].bytes ?? 0) + (use.bytes ?? 0)
      } else {
        known[key] = uses.count
        uses.append(use)
      }
    }
    return uses
  }

  private struct UseKey: Hashable {
    let kind: Usage.Kind
    let process: ProcessName?
  }

  /// A process and an activity of it, by which the holders of ranges are compared.
  private struct HolderKey: Hashable {
    let process: ProcessName
    let evidence: PinHolder.Evidence
  }

  /// Bytes of the ranges that each process and activity probably holds.
  private static func heldBytes(_ pins: [DevicePins]) -> [HolderKey: UInt64] {
    var held: [HolderKey: UInt64] = [:]
    for range in pins.lazy.flatMap(\.ranges) {
      for key in Set(range.holders.map { HolderKey(process: $0.process, evidence: $0.evidence) }) {
        held[key, default: 0] += range.extent.length
      }
    }
    return held
  }

  private func total(_ pins: DevicePins) -> Usage? {
    guard !pins.ranges.isEmpty else { return nil }
    var holders: [PinHolder] = []
    var known: Set<HolderKey> = []
    for holder in pins.ranges.lazy.flatMap(\.holders)
    where known.insert(HolderKey(process: holder.process, evidence: holder.evidence)).inserted {
      holders.append(holder)
    }
    let processes = Set(holders.map(\.process))
    return Usage(
      kind: .pin, namespace: pins.namespace, path: RawText("/dev/\(pins.device)"),
      process: processes.count == 1 ? processes.first : nil, bytes: pins.heldBytes,
      effect: effect(pins), advice: Self.advice(pins, holders))
  }

  /// The worst effect of releasing any of them. VFIO never releases its own (its put_pfn skips pages that are reserved,
  /// or have no struct page any more): then nothing happens, but its device continues to use the memory.
  private func effect(_ pins: DevicePins) -> Usage.Effect {
    let reasons = pins.ranges.filter { $0.kind != .orphan }
    guard !reasons.isEmpty else { return .none }
    let isVFIO = reasons.allSatisfy { range in
      !range.holders.isEmpty && range.references == 0
        && range.holders.allSatisfy { if case .vfio = $0.evidence { true } else { false } }
    }
    return isVFIO ? .corrupts : rules.pinnedTeardown
  }

  private static func advice(_ pins: DevicePins, _ holders: [PinHolder]) -> String {
    if holders.isEmpty, pins.ranges.contains(where: { $0.kind == .orphan }) {
      return "no process is left that could release these pins: only a reboot does"
    }
    guard !holders.isEmpty else {
      return "their holder must release them: see pmemctl pin list \(pins.namespace)"
    }
    let known = holders.map { "\($0.process): \($0.evidence.text)" }.joined(separator: "; ")
    return "their holder must release them; likely \(known)"
  }

  private func use(_ made: PinEvidence, of namespace: String, _ held: [HolderKey: UInt64]) -> Usage? {
    let kind: Usage.Kind
    switch made.evidence {
    case .ioUring: kind = .ioUring
    case .rdma: kind = .rdma
    case .vfio: kind = .vfio
    case .kvm: kind = .kvm
    case .directIO, .pipe, .pinned: return nil
    }
    let bytes = bytes(of: made, on: namespace, held)
    guard bytes > 0 else { return nil }
    return Usage(
      kind: kind, namespace: namespace, path: RawText(made.evidence.title), process: made.process,
      bytes: bytes,
      effect: kind == .kvm ? .sigbus : kind == .vfio ? .corrupts : rules.pinnedTeardown,
      advice: "stop process \(made.process.pid)")
  }

  /// The part of a namespace that is concerned: a known range, or the possible reason for one.
  private func bytes(of made: PinEvidence, on namespace: String, _ held: [HolderKey: UInt64]) -> UInt64 {
    if let ranges = made.ranges {
      return ranges.filter { $0.namespace == namespace }.reduce(0) { $0 + $1.extent.length }
    }
    let held = held[HolderKey(process: made.process, evidence: made.evidence)] ?? 0
    return min(held, made.evidence.bytes ?? held)
  }
}
