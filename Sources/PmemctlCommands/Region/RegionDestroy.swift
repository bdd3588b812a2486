import ArgumentParser
import PmemDevice

struct RegionDestroy: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "destroy", abstract: "Remove CXL regions, unless they are in use.",
    discussion: """
      The devices keep their labels and data: created again with the same devices in the same order, a region has the same \
      namespaces. The undo record keeps that order.
      """)

  @Argument(
    help: ArgumentHelp("region0 or 0; all for every CXL region.", valueName: "region"),
    completion: .names(.regions))
  var names: [String]

  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try Change(context, change, output, machine, accepting: dangers.accepted).cxlRegions(verb: "removed") {
      planner, inventory, isSimulated throws(DeviceError) in
      let listed = try NameResolver(inventory).listedRegions(names, onBus: nil)
      guard names.contains("all") else { return try planner.destroy(listed) }
      try inventory.checkCxl(isSimulated: isSimulated)
      return try planner.destroy(listed.filter { $0.cxl != nil })
    }
  }
}
