import ArgumentParser
import PmemDevice
import PmemSim

struct SimInjectError: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "inject-error", abstract: "Mark blocks of a namespace of a simulated machine as bad.",
    discussion: """
      Reads of them fail from then on, also after a reboot; a process that touches them through DAX is killed. Writing \
      them clears the error, and so does namespace clear-errors.
      """)

  @Argument(
    help: ArgumentHelp("Kernel name, device, own name or UUID.", valueName: "namespace"),
    completion: .names(.namespaces))
  var namespace: String

  @Option(
    name: [.customShort("B"), .long],
    help: ArgumentHelp(
      "First block of 512 bytes, counted from the start of the usable area.", valueName: "block"))
  var block: UInt64 = 0

  @Option(name: .shortAndLong, help: ArgumentHelp("Number of blocks.", valueName: "count"))
  var count: UInt64 = 1

  @Flag(name: .long, help: "Do not tell the kernel: it knows of the errors after the next scrub.")
  var silent = false

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    guard block < 1 << 50, count < 1 << 50 else {
      throw DeviceError(.usage, "--block and --count are numbers of blocks on the device")
    }
    try SimWorkload(which.open(in: context, forWriting: true)).spoil(
      namespace, Extent(offset: block * 512, length: count * 512), isSilent: silent)
  }
}
