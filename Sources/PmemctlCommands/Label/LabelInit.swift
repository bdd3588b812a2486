import ArgumentParser
import PmemDevice
import PmemInspect
import PmemOutput

struct LabelInit: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Write fresh labels, so that a region can be divided.")

  @Argument(
    help: ArgumentHelp("nmem0, 0, or an id; all for every one with a label area.", valueName: "dimm"),
    completion: .names(.dimms))
  var names: [String]

  @Option(
    name: [.customShort("V"), .customLong("label-version")], help: "Label version: 1.1 or 1.2.",
    completion: .list(LabelVersion.allCases.map(\.rawValue)))
  var labelVersion = LabelVersion.v12.rawValue

  @Flag(
    name: .shortAndLong,
    help:
      "Also if there are labels already, unless a namespace is in use: its namespaces are lost.")
  var force = false

  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    guard let version = LabelVersion(rawValue: labelVersion) else {
      throw DeviceError(
        .usage, "--label-version: \"\(labelVersion)\" is not known", details: ["use 1.1 or 1.2"])
    }
    try Change(context, change, output, machine).run { backend, inventory in
      var dimms = try NameResolver(inventory).dimms(names)
      if names == ["all"] { dimms.removeAll { $0.labels == nil } }
      let plan = try LabelPlanner(
        inventory, inspector: backend, contents: ContentProbe(backend), accepting: dangers.accepted
      ).initialize(dimms, version: version, force: force)
      return Change.Planned(plan: plan, subject: dimms.map(\.dev))
    } report: { planned, backend in
      let now = try backend.inventory(.planning).dimms.filter { planned.subject.contains($0.dev) }
      for dimm in now { try LabelReadback(dimm, backend).checkFresh(version) }
      guard !output.json else { return try context.out.write(JSON.array(now.map { .object($0.json) }).text) }
      try context.out.write(
        now.map { "initialized \($0.dev): \($0.labels?.availableSlots ?? 0) free labels\n" }.joined())
    }
  }
}
