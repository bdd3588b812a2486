import ArgumentParser
import PmemDevice
import PmemSim

struct SimTruncate: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "truncate", abstract: "Have a process of a simulated machine give a file another size.")

  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "The file.")
  var path: String

  @Option(name: .shortAndLong, help: ArgumentHelp("How large it shall be.", valueName: "size"))
  var size: String

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let size: ByteCount = size == "0" ? ByteCount(0) : try parseBytes(size, option: "--size")
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    try workload.report(try workload.truncate(pid, path, to: size), of: pid, output, in: context)
  }
}

/// What a read and a write have in common.
struct SimFileRange: ParsableArguments {
  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "The file.")
  var path: String

  @Option(name: .long, help: ArgumentHelp("Where in it to begin.", valueName: "size"))
  var offset = "0"

  @Option(name: .long, help: ArgumentHelp("How much; by default to its end.", valueName: "size"))
  var length: String?

  @OptionGroup var which: SimOption

  func run(isWrite: Bool, in context: CommandContext) throws {
    let offset = try parseBytes(offset, option: "--offset").rawValue
    try SimWorkload(which.open(in: context, forWriting: true)).readOrWrite(
      pid, path, offset: offset, length: try parseLength(length), isWrite: isWrite)
  }
}

struct SimWrite: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "write", abstract: "Have a process of a simulated machine write to a file.")

  @OptionGroup var range: SimFileRange

  func run(in context: CommandContext) throws { try range.run(isWrite: true, in: context) }
}

struct SimRead: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "read", abstract: "Have a process of a simulated machine read a file.")

  @OptionGroup var range: SimFileRange

  func run(in context: CommandContext) throws { try range.run(isWrite: false, in: context) }
}

struct SimWriteback: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "writeback",
    abstract: "Write dirty pages of a file of a simulated machine from the page cache to the media.")

  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "The file.")
  var path: String

  @Flag(name: .long, help: "As fsync(2): it returns when all of it is there.")
  var sync = false

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    try workload.report(try workload.writeback(pid, path, isSync: sync), of: pid, output, in: context)
  }
}

struct SimCommit: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "commit", abstract: "Commit the journal of a filesystem of a simulated machine.")

  @Argument(help: "Where it is mounted.")
  var folder: String

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    try workload.commit(folder)
    try workload.report(.done, of: nil, output, in: context)
  }
}

struct SimCrash: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "crash",
    abstract:
      "Let the power of a simulated machine fail and come back: filesystems are as their journals have them.")

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    try SimWorkload(which.open(in: context, forWriting: true)).crash()
  }
}
