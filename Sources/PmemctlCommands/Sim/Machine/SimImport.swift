import ArgumentParser
import PmemDevice
import PmemOutput
import PmemSim
import SystemPackage

struct SimImport: MachineVerb {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Create a simulated machine from a guest's images, or like a real host.",
    discussion: """
      --image FILE[,labels=SIZE|none][,node=N][,set=NAME][,slot=N] copies an NVDIMM's image, as a guest has left it; \
      where its label area lies is detected if labels= does not name it. --inventory FILE makes a machine with \
      the hardware and the namespaces that pmemctl status --json, as root, saw on another one.
      """)

  @Argument(
    help: ArgumentHelp("A directory that does not exist, or is empty.", valueName: "dir"),
    completion: .directory)
  var directory: String

  @Option(
    name: .long, help: ArgumentHelp("An NVDIMM image; may be repeated.", valueName: "spec"),
    completion: .file())
  var image: [String] = []

  @Option(
    name: .long, help: ArgumentHelp("The output of status --json; - is standard input.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var inventory: String?

  @Option(
    name: .long, help: ArgumentHelp(KernelProfile.optionHelp, valueName: "kernel"),
    completion: .list(KernelProfile.allCases.map(\.rawValue)))
  var kernel: String?

  @OptionGroup var output: OutputOptions

  func run(in context: CommandContext) throws {
    guard image.isEmpty != (inventory == nil) else {
      throw DeviceError(
        .usage, "nothing to import: give --image once for each DIMM, or --inventory",
        try: ["pmemctl sim import \(directory) --image guest-nvdimm0.img"])
    }
    let target = FilePath(directory)
    if let inventory {
      try importInventory(inventory, to: target, in: context)
    } else {
      let specs = try image.map { text throws(DeviceError) in try SimImageSpec(parsing: text) }
      let images = try specs.map { spec throws(DeviceError) in
        try SimImage(FilePath(spec.path), labelArea: spec.labelArea)
      }
      for image in images where image.labelArea == 0 {
        context.note("no label area was found in \(image.path); if it has a blank one, add labels=SIZE")
      }
      try SimMachine.importing(
        images, as: specs.map(\.dimm), to: target, profile: try KernelProfile(option: kernel))
    }
    let topology = try SimMachine.open(target, forWriting: false).topology
    try context.out.write(
      output.json ? JSON.object(topology.json(directory: directory)).text : topology.text(directory))
  }

  private func importInventory(_ file: String, to target: FilePath, in context: CommandContext) throws {
    let name = file == "-" ? "standard input" : file
    let found = try Inventory(
      parsing: try InputFile.read(file, limit: InputFile.descriptionLimit), file: name)
    let profile =
      if let kernel { try KernelProfile(option: kernel) } else {
        KernelProfile(nearest: found.host.kernelRelease)
      }
    for note in try SimMachine.importing(found, to: target, profile: profile) { context.note(note) }
  }
}
