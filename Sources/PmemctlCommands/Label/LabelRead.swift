import ArgumentParser
import PmemDevice
import PmemMedia
import PmemOutput

struct LabelRead: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "read", abstract: "Read the label areas of DIMMs, decoded or raw.")

  @Argument(
    help: ArgumentHelp("nmem0, 0, or an id; all for every one with a label area.", valueName: "dimm"),
    completion: .names(.dimms))
  var names: [String]

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Write the raw label area of one DIMM to this file instead; - is standard output.", valueName: "file"),
    completion: .file())
  var output: String?

  @OptionGroup var format: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let backend = try context.open(machine, forWriting: false)
    let dimms = try LabelSelection(names).dimms(try backend.inventory(.listing))
    if let output {
      guard dimms.count == 1 else {
        throw DeviceError(
          .usage, "--output takes the area of one DIMM, and there are \(dimms.count)",
          try: ["pmemctl label backup --output FILE \(words: names)"])
      }
      return try OutputFile.write(try backend.readLabels(dimm: dimms[0].dev), to: output, in: context)
    }
    var stores: [(String, LabelStore)] = []
    for dimm in dimms { stores.append((dimm.dev, LabelStore(try backend.readLabels(dimm: dimm.dev)))) }
    guard !format.json else {
      return try context.out.write(JSON.array(stores.map { .object($1.json(dev: $0)) }).text)
    }
    try context.out.write(stores.map { $1.text(dev: $0) }.joined(separator: "\n"))
  }
}
