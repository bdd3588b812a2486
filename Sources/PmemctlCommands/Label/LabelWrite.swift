import ArgumentParser
import PmemDevice

struct LabelWrite: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "write", abstract: "Overwrite the label area of a DIMM with the bytes of a file.",
    discussion: "Bytes that hold no valid labels are only written with --force.")

  @Argument(help: ArgumentHelp("nmem0, 0, or an id.", valueName: "dimm"), completion: .names(.dimms))
  var name: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("A file written by label read --output; - is standard input.", valueName: "file"),
    completion: .file())
  var input: String

  @Flag(name: .shortAndLong, help: "Also if namespaces would be lost, unless they are in use.")
  var force = false

  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let bytes = try InputFile.read(input)
    let (name, force) = (name, force)
    try Change(context, change, output, machine, accepting: dangers.accepted).labels(
      verb: "write", done: "wrote", force: force
    ) { _, inventory throws(DeviceError) in
      let dimms = try NameResolver(inventory).dimms([name])
      guard dimms.count == 1 else {
        throw DeviceError(.usage, "write takes one DIMM, and \"\(name)\" matches \(dimms.count)")
      }
      if !force { try LabelSoundness.check(bytes, of: input, for: dimms[0], inventory) }
      return [(dimms[0], bytes)]
    }
  }
}
