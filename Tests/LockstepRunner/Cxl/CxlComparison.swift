import PmemDevice

/// The differences between the CXL of a kernel and that of a simulated machine, in words. Names of ports and decoders, PCI
/// addresses and firmware are each machine's own.
enum CxlComparison {
  static func differences(_ kernel: CxlTopology, _ simulated: CxlTopology) -> [String] {
    let (theirs, mine) = (lines(kernel), lines(simulated))
    return theirs.filter { !mine.contains($0) }.map { "only in the kernel: \($0)" }
      + mine.filter { !theirs.contains($0) }.map { "only simulated: \($0)" }
  }

  private static func lines(_ topology: CxlTopology) -> [String] {
    topology.memdevs.flatMap(lines)
      + topology.windows.flatMap { window in
        [line(window)] + window.regions.map { line($0, in: window) }
      }
  }

  private static func lines(_ memdev: CxlMemdev) -> [String] {
    let decoders = memdev.endpoint?.decoders ?? []
    return [
      "\(memdev.dev): serial \(text(memdev.serial)), pmem \(text(memdev.pmemSize)), ram \(text(memdev.ramSize)), "
        + "labels \(text(memdev.labelSize)), \(decoders.count) decoders, \(memdev.dimm ?? "no DIMM")"
    ]
      + decoders.enumerated().filter { ($0.element.dpaSize ?? .zero) > .zero }.map { number, decoder in
        "\(memdev.dev), decoder \(number): \(decoder.kind.map(\.rawValue) ?? "?") \(text(decoder.dpaSize)) from "
          + "\(text(decoder.dpaStart)), \(decoder.region ?? "no region")"
      }
  }

  private static func line(_ window: CxlWindow) -> String {
    "\(window.dev): \(text(window.size)) at \(text(window.start)), \(text(window.ways)) x \(text(window.granularity)), "
      + "\(window.kinds.map(\.rawValue)), next \(window.nextRegion ?? "?")"
  }

  private static func line(_ region: CxlRegion, in window: CxlWindow) -> String {
    "\(region.dev) in \(window.dev): \(region.kind.map(\.rawValue) ?? "?") \(text(region.size)) at \(text(region.resource)), "
      + "\(text(region.ways)) x \(text(region.granularity)), \(region.uuid.map { "\($0)" } ?? "no UUID"), "
      + "\(region.isCommitted == true ? "committed" : "not committed"), \(region.isBound ? "bound" : "not bound"), "
      + "\(region.members.map { $0.memdev ?? "?" }), \(region.daxDevices)"
  }

  private static func text(_ value: (some CustomStringConvertible)?) -> String {
    value.map { "\($0)" } ?? "?"
  }
}
