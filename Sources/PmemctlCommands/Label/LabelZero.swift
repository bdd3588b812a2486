import ArgumentParser
import PmemDevice

struct LabelZero: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "zero", abstract: "Overwrite the label areas of DIMMs with zeros.",
    discussion: "The kernel keeps their regions divided until the next boot; then they are label-less.")

  @Argument(
    help: ArgumentHelp("nmem0, 0, or an id; all for every one with a label area.", valueName: "dimm"),
    completion: .names(.dimms))
  var names: [String]

  @Flag(name: .shortAndLong, help: "Also if namespaces would be lost, unless they are in use.")
  var force = false

  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let names = names
    try Change(context, change, output, machine, accepting: dangers.accepted).labels(
      verb: "zero", done: "zeroed", force: force
    ) { backend, inventory throws(DeviceError) in
      var areas: [(dimm: DIMM, bytes: [UInt8])] = []
      for dimm in try LabelSelection(names).dimms(inventory) {
        let size = dimm.labels == nil ? 0 : try backend.readLabels(dimm: dimm.dev).count
        areas.append((dimm, [UInt8](repeating: 0, count: size)))
      }
      return areas
    }
  }
}
