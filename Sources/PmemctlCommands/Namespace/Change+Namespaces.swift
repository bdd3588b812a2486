import ArgumentParser
import PmemDevice
import PmemInspect
import PmemOutput

/// Which namespaces a verb is about.
struct NamespaceSelection: ParsableArguments {
  @Argument(
    help: ArgumentHelp("Kernel name, device, own name or UUID; all for every one.", valueName: "namespace"),
    completion: .names(.namespaces))
  var names: [String]

  @Option(name: .shortAndLong, help: "Only those on this region.", completion: .names(.regions))
  var region: String?

  @Option(name: .shortAndLong, help: "Only those on this bus.", completion: .names(.buses))
  var bus: String?

  func resolve(_ inventory: Inventory) throws(DeviceError) -> [Namespace] {
    let resolver = NameResolver(inventory)
    return try resolver.namespaces(names, in: try resolver.regions(region.map { [$0] } ?? [], onBus: bus))
  }
}

extension Change {
  /// The kernel presents a namespace as raw if it cannot read its info block (drivers/nvdimm/pfn_devs.c:nd_pfn_probe):
  /// its content would appear shifted.
  ///
  /// - Parameters:
  ///   - expected: As they should be presented.
  ///   - backend: Asked how they are.
  /// - Returns: A line for each that is raw and should not be.
  static func differences(_ expected: [Namespace], on backend: any CommandContext.Backend) -> [String] {
    guard expected.contains(where: { $0.mode != .raw }) else { return [] }
    let now: [Namespace]
    do throws(DeviceError) { now = try backend.inventory(.planning).namespaces } catch {
      return [error.summary]
    }
    return expected.compactMap { then in
      guard let found = now.first(where: { $0.dev == then.dev }), found.isEnabled, found.mode == .raw,
        then.mode != .raw
      else { return nil }
      return "the kernel presents \(then.title) as raw, not as \(then.mode): it could not use its info block"
    }
  }

  /// Changes namespaces that exist.
  ///
  /// - Parameters:
  ///   - which: As named on the command line.
  ///   - verb: `enabled`: the word for those that were changed.
  ///   - plan: Makes the plan of the namespaces named.
  /// - Throws: The error that stopped it.
  func namespaces(
    _ which: NamespaceSelection, verb: String,
    plan: (NamespaceStatePlanner, [Namespace]) throws(DeviceError) -> Plan
  ) throws {
    try run { backend, inventory in
      let before = try which.resolve(inventory)
      let planner = namespacePlanner(inventory, backend, contents: ContentProbe(backend))
      let expected =
        verb == "enabled" && !options.dryRun ? before.map { ProbedNamespace($0, on: backend) } : []
      return Planned(plan: try plan(planner, before), subject: before) {
        Self.differences(
          expected.filter { $0.trouble == nil && !$0.namespace.isEnabled }.map(\.namespace), on: backend)
      }
    } report: { planned, backend in
      let after = try backend.inventory(.listing).namespaces
      // A destroyed namespace is shown as it was.
      let now = planned.subject.map { old in after.first { $0.dev == old.dev && !$0.isSeed } ?? old }
      guard !output.json else { return try write(now.map { .object($0.json) }) }
      let changed = Set(planned.plan.entries.map(\.step.target))
      let lines = now.filter { changed.contains($0.dev) }.map { namespace in
        let node = verb == "enabled" ? namespace.node.map { ": /dev/\($0)" } ?? "" : ""
        return "\(verb) \(namespace.title.sanitized)\(node)\n"
      }
      try context.out.write(lines.joined())
    }
  }
}
