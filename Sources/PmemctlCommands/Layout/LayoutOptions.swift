import ArgumentParser
import PmemDevice
import PmemInspect
import PmemLayout
import PmemMedia

/// Which namespaces a layout may take something from.
struct LayoutOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "A namespace that may be recreated in place, or all; its content is lost.",
      valueName: "namespace"))
  var replace: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A namespace that may be destroyed, or all, if the layout says \"others: destroy\".",
      valueName: "namespace"))
  var destroy: [String] = []
}

/// A layout and the machine that it is for, put together.
struct LayoutRun {
  let backend: any CommandContext.Backend
  let inventory: Inventory
  let planned: LayoutPlan
  /// The CXL regions that are missing; what is on them is planned when they are there.
  let cxl: Plan
  /// How many namespaces wait for them.
  let awaited: Int

  /// - Parameters:
  ///   - layout: The intended state.
  ///   - options: Allows namespaces to be destroyed.
  ///   - accepted: Harm that a person has named, and wants done.
  ///   - backend: The machine.
  ///   - pending: The labels that an earlier apply began.
  /// - Throws: The reason why it is impossible.
  init(
    _ layout: Layout, _ options: LayoutOptions, accepting accepted: AcceptedDangers,
    on backend: any CommandContext.Backend, pending: LayoutPending
  ) throws(DeviceError) {
    self.backend = backend
    inventory = try backend.inventory(.planning)
    cxl = try CxlLayoutPlanner(inventory, inspector: backend).plan(layout)
    let (present, awaited) = cxl.entries.isEmpty ? (layout, 0) : layout.present(in: inventory)
    self.awaited = awaited
    planned = try LayoutPlanner(
      inventory, inspector: backend, contents: ContentProbe(backend), accepting: accepted,
      replacing: AllowedNames(options.replace), destroying: AllowedNames(options.destroy),
      unfinished: pending.uuids, truth: { ProbedNamespace($0, on: backend).namespace }
    ).plan(present)
  }

  var isEmpty: Bool { planned.isEmpty && cxl.entries.isEmpty }
}

extension Inventory {
  /// A checksum of what a plan rests on: regions, and the namespaces in them.
  var fingerprint: UInt64 {
    let lines = regions.map { region in
      let own = region.configuredNamespaces.map { namespace in
        let uuid = namespace.labelUUID?.description ?? ""
        return [
          namespace.dev, namespace.mode.rawValue, "\(namespace.rawSize.rawValue)", uuid, namespace.name ?? "",
          "\(namespace.resource ?? 0)", "\(namespace.isEnabled)",
        ].joined(separator: " ")
      }
      return ([region.dev, "\(region.size.rawValue)", "\(region.isetID ?? 0)"] + own).joined(separator: "\n")
    }
    var bytes = Array(lines.joined(separator: "\n").utf8)
    bytes += [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
    return fletcher64(bytes)
  }
}
