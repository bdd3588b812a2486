import ArgumentParser
import PmemDevice
import PmemOutput

struct NamespaceList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List namespaces.",
    discussion: ListColumns.help(NamespaceColumns.all), aliases: ["ls"])

  @Argument(
    help: ArgumentHelp("Only these: kernel name, device, own name or UUID.", valueName: "namespace"),
    completion: .names(.namespaces))
  var names: [String] = []

  @Option(name: .shortAndLong, help: "Only those on this region.", completion: .names(.regions))
  var region: String?

  @Option(name: .shortAndLong, help: "Only those on this bus.", completion: .names(.buses))
  var bus: String?

  @Option(
    name: .shortAndLong, help: "Only those in this mode: fsdax, devdax, sector or raw.",
    completion: .list(NamespaceMode.allCases.map(\.rawValue)))
  var mode: String?

  @Flag(name: .shortAndLong, help: "Also list seed namespaces.")
  var idle = false

  @OptionGroup var list: ListOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let columns = try ListColumns(NamespaceColumns.all, list, isJSON: output.json)
    let wanted = try mode.map { try parseMode($0) }
    let backend = try context.open(machine, forWriting: false)
    let inventory = try backend.inventory(.listing)
    let resolver = NameResolver(inventory)
    let regions = try resolver.regions(region.map { [$0] } ?? [], onBus: bus)
    let named = try named(regions, resolver)
    let listed = named.filter { idle || !names.isEmpty || !$0.isSeed }
    let mounts = output.json || list.quiet ? [:] : backend.mountPoints(in: inventory)
    // JSON has the kernel's word, and --mode means what is shown.
    let modes = output.json ? nil : DisabledModes(listed, inventory, backend)
    let rows = columns.sorted(
      listed.map { namespace in
        let mode = if let modes { modes.mode(of: namespace) } else { Optional(namespace.mode) }
        return NamespaceColumns.Row(namespace, mode: mode, mountPoints: mounts[namespace.dev] ?? [])
      }.filter { wanted == nil || $0.mode == wanted })
    guard !output.json else {
      return try context.out.write(JSON.array(rows.map { .object($0.namespace.json) }).text)
    }
    try context.out.write(columns.text(rows, in: context))
  }
}

extension NamespaceList {
  private func named(_ regions: [Region], _ resolver: NameResolver) throws(DeviceError) -> [Namespace] {
    guard !names.isEmpty else { return regions.flatMap(\.namespaces) }
    do { return try resolver.namespaces(names, in: regions) } catch {
      var error = error
      if error.code == .notFound, mode == nil, names.count == 1, let meant = NamespaceMode(parsing: names[0])
      {
        error.suggestions.append(Suggestion([["pmemctl", "namespace", "list", "--mode", "\(meant)"]]))
      }
      throw error
    }
  }
}

/// Reads a mode, with ndctl's synonyms.
func parseMode(_ text: String) throws(DeviceError) -> NamespaceMode {
  guard let mode = NamespaceMode(parsing: text) else {
    throw DeviceError(
      .usage, "\"\(text)\" is not a mode\(didYouMean(text, NamespaceMode.allCases.map(\.rawValue)))",
      details: ["valid values: fsdax, devdax, sector, raw"])
  }
  return mode
}
