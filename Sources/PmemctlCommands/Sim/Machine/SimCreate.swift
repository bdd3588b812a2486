import ArgumentParser
import PmemDevice
import PmemOutput
import PmemSim
import SystemPackage

struct SimCreate: MachineDescription {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Create a simulated machine in a directory.",
    discussion: """
      --dimm SIZE[,labels=SIZE|none][,label-version=1.1|1.2|blank][,node=N] [,set=NAME][,slot=N] adds a DIMM with a \
      region of its own; DIMMs with the same set are interleaved. Labels take 128KiB and are version 1.2 \
      (1.1 where the kernel knows no other) unless told otherwise. --e820 SIZE[,node=N] adds a range that no DIMM is known for. \
      --cxl-memdev SIZE[,kind=pmem|ram][,labels=SIZE|none] [,label-version=1.1|1.2|blank][,bridge=N][,decoders=N][,serial=N][,node=N] adds a CXL memory device, \
      --cxl-window SIZE[,bridges=N+N...][,granularity=SIZE] [,kind=pmem|ram] a window of addresses for their regions.
      """)

  @Argument(
    help: ArgumentHelp("A directory that does not exist, or is empty.", valueName: "dir"),
    completion: .directory)
  var directory: String

  @Option(name: .long, help: ArgumentHelp("A DIMM; may be repeated.", valueName: "spec"))
  var dimm: [String] = []

  @Option(name: .long, help: ArgumentHelp("An e820 range; may be repeated.", valueName: "spec"))
  var e820: [String] = []

  @Option(name: .long, help: ArgumentHelp("A CXL memory device; may be repeated.", valueName: "spec"))
  var cxlMemdev: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp("A window of addresses for CXL regions; may be repeated.", valueName: "spec"))
  var cxlWindow: [String] = []

  @Option(name: .long, help: "Alignment of allocations in every region; by default the kernel's, 16MiB.")
  var align: String?

  @Option(
    name: .long, help: ArgumentHelp(KernelProfile.optionHelp, valueName: "kernel"),
    completion: .list(KernelProfile.allCases.map(\.rawValue)))
  var kernel = KernelProfile.standard.rawValue

  @OptionGroup var output: OutputOptions

  @Flag(name: [.customShort("n"), .long], help: "Check the description and create nothing.")
  var dryRun = false

  /// The machine that the options describe.
  ///
  /// - Throws: ``DeviceError/Code/usage`` for what no machine can have.
  var topology: SimTopology {
    get throws(DeviceError) {
      let profile = try KernelProfile(option: kernel)
      return try SimTopology(
        dimms: try dimm.map { text throws(DeviceError) in
          try SimDimmRequest(parsing: text, newest: profile.rules.newestLabels)
        },
        ranges: try e820.map { text throws(DeviceError) in try SimRangeRequest(parsing: text) },
        cxl: SimCxlRequest(
          devices: try cxlMemdev.map { text throws(DeviceError) in try SimCxlDeviceRequest(parsing: text) },
          windows: try cxlWindow.map { text throws(DeviceError) in try SimCxlWindowRequest(parsing: text) }),
        align: try align.map { text throws(DeviceError) in try parseBytes(text, option: "--align").rawValue },
        profile: profile)
    }
  }

  func run(in context: CommandContext) throws {
    let topology = try topology
    guard !dryRun else {
      return try context.out.write(
        output.json
          ? JSON.object(topology.json(directory: directory)).text
          : topology.text(directory) + "Nothing was created (--dry-run).\n")
    }
    try SimMachine.create(FilePath(directory), topology: topology)
    try context.out.write(
      output.json ? JSON.object(topology.json(directory: directory)).text : topology.text(directory))
  }
}
