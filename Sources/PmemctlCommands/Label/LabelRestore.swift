import ArgumentParser
import PmemDevice

struct LabelRestore: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Restore label areas from a backup, each to its own DIMM.")

  @Argument(
    help: ArgumentHelp("A file written by label backup; - is standard input.", valueName: "file"),
    completion: .file())
  var file: String

  @Argument(
    help: ArgumentHelp("Only these DIMMs of the backup: nmem0, 0, or an id.", valueName: "dimm"),
    completion: .names(.dimms))
  var names: [String] = []

  @Flag(name: .shortAndLong, help: "Also if namespaces would be lost, unless they are in use.")
  var force = false

  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let copies = try LabelCopies(parsing: try InputFile.read(file), file: file)
    let (names, file, force) = (names, file, force)
    try Change(context, change, output, machine, accepting: dangers.accepted).labels(
      verb: "restore", done: "restored", force: force
    ) { _, inventory throws(DeviceError) in
      let wanted = try NameResolver(inventory).dimms(names)
      var areas: [(dimm: DIMM, bytes: [UInt8])] = []
      for area in copies.areas {
        let dimm = inventory.dimms.first { area.id == nil ? $0.dev == area.dev : $0.id == area.id }
        guard let dimm else {
          // A namespace that was not asked for may be elsewhere.
          guard names.isEmpty else { continue }
          throw DeviceError(
            .notFound, "DIMM \(area.id ?? area.dev), whose labels are in \(file), is not on this machine",
            details: ["name the DIMMs to restore; nothing was changed"])
        }
        if names.isEmpty || wanted.contains(dimm) { areas.append((dimm, area.bytes)) }
      }
      for dimm in names.isEmpty ? [] : wanted where !areas.contains(where: { $0.dimm == dimm }) {
        throw DeviceError(
          .notFound, "\(file) holds no labels of \(dimm.dev)", details: ["nothing was changed"])
      }
      if !force { for (dimm, bytes) in areas { try Self.check(bytes, file, dimm, inventory) } }
      return areas
    }
  }

  /// A backup of a blank area is as good as any.
  private static func check(
    _ bytes: [UInt8], _ file: String, _ dimm: DIMM, _ inventory: Inventory
  ) throws(DeviceError) {
    guard bytes.contains(where: { $0 != 0 }) else { return }
    try LabelSoundness.check(bytes, of: file, for: dimm, inventory)
  }
}
