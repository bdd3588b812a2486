import ArgumentParser
import PmemDevice
import PmemModel
import PmemSim

struct SimTruncate: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "truncate", abstract: "Have a process of a simulated machine truncate or extend a file.")

  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "The file.")
  var path: String

  @Option(name: .shortAndLong, help: ArgumentHelp("New size.", valueName: "size"))
  var size: String

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .truncate(
      ProcessID(pid), try workload.objectName(path),
      size: size == "0" ? 0 : try parseBytes(size, option: "--size").rawValue)
  }

  func run(in context: CommandContext) throws {
    let size: ByteCount = size == "0" ? ByteCount(0) : try parseBytes(size, option: "--size")
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    try workload.report(try workload.truncate(pid, path, to: size), of: pid, output, in: context)
  }
}

/// The common part of a read and a write.
struct SimFileRange: ParsableArguments {
  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "The file.")
  var path: String

  @Option(name: .long, help: ArgumentHelp("Offset.", valueName: "size"))
  var offset = "0"

  @Option(name: .long, help: ArgumentHelp("Length; by default to the end of the file.", valueName: "size"))
  var length: String?

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  /// In the file, bytes.
  var start: UInt64 {
    get throws(DeviceError) { try parseBytes(offset, option: "--offset").rawValue }
  }

  func run(isWrite: Bool, isSync: Bool = false, in context: CommandContext) throws {
    let offset = try start
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    let outcome = try workload.readOrWrite(
      pid, path, offset: offset, length: try parseLength(length), isWrite: isWrite, isSync: isSync)
    try workload.report(outcome, of: pid, output, in: context)
  }
}

struct SimWrite: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "write", abstract: "Have a process of a simulated machine write to a file.")

  @OptionGroup var range: SimFileRange

  @Flag(name: .long, help: "As with O_DSYNC: it returns when the written data survive a crash.")
  var dsync = false

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .write(
      ProcessID(range.pid), try workload.objectName(range.path), offset: try range.start,
      length: try parseLength(range.length), isSync: dsync)
  }

  func run(in context: CommandContext) throws {
    try range.run(isWrite: true, isSync: dsync, in: context)
  }
}

struct SimRead: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "read", abstract: "Have a process of a simulated machine read a file.")

  @OptionGroup var range: SimFileRange

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .read(
      ProcessID(range.pid), try workload.objectName(range.path), offset: try range.start,
      length: try parseLength(range.length))
  }

  func run(in context: CommandContext) throws { try range.run(isWrite: false, in: context) }
}

struct SimWriteback: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "writeback",
    abstract: "Write dirty pages of a file of a simulated machine from the page cache to the media.")

  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "The file.")
  var path: String

  @Flag(name: .long, help: "As fsync(2): it returns when all of it is durable.")
  var sync = false

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .writeback(ProcessID(pid), try workload.objectName(path), isSync: sync)
  }

  func run(in context: CommandContext) throws {
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    try workload.report(try workload.writeback(pid, path, isSync: sync), of: pid, output, in: context)
  }
}

struct SimSync: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "sync",
    abstract: "Write everything of a filesystem of a simulated machine to the media, as syncfs(2).")

  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "Mount point.")
  var directory: String

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .sync(ProcessID(pid), try workload.freezable(directory).volume)
  }

  func run(in context: CommandContext) throws {
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    try workload.report(try workload.sync(pid, directory), of: pid, output, in: context)
  }
}

struct SimCommit: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "commit", abstract: "Commit the journal of a filesystem of a simulated machine.")

  @Argument(help: "Mount point.")
  var directory: String

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .commit(try workload.freezable(directory).volume)
  }

  func run(in context: CommandContext) throws {
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    try workload.commit(directory)
    try workload.report(.done, of: nil, output, in: context)
  }
}

struct SimCrash: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "crash",
    abstract:
      "Power-fail and restart a simulated machine, and replay the journals of its filesystems.")

  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .crash
  }

  func run(in context: CommandContext) throws {
    try SimWorkload(which.open(in: context, forWriting: true)).crash()
  }
}
