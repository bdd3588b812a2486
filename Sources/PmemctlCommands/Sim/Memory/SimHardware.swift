import ArgumentParser
import PmemDevice
import PmemOutput
import PmemModel
import PmemSim

struct SimDMA: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "dma", abstract: "Have hardware write through a pin of a simulated machine.",
    discussion: "Pages that were pinned for reading, such as pages being sent, are read instead.")

  @Argument(help: "The number that sim pin printed.")
  var pin: Int

  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .writeThroughPin(PinID(pin))
  }

  func run(in context: CommandContext) throws {
    try SimWorkload(which.open(in: context, forWriting: true)).writeThroughPin(pin)
  }
}

struct SimIOCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "io", abstract: "Run direct I/O between a buffer and storage on a simulated machine.",
    subcommands: [SimIOBegin.self, SimIOFinish.self])
}

struct SimIOBegin: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "begin", abstract: "Begin direct I/O: reference the buffer, and submit the request.",
    discussion: """
      The buffer is memory of the process, which may be a mapped file; the storage is a file. Without --read the \
      buffer is written to the storage.
      """)

  @Argument(help: "The process.")
  var pid: Int

  @Argument(
    help: "The buffer: an address in a mapping (0x...), or the device or file that it has mapped once.")
  var buffer: String

  @Argument(help: "The storage: a file.")
  var storage: String

  @Option(name: .long, help: ArgumentHelp("Offset of the buffer in the mapping.", valueName: "size"))
  var offset = "0"

  @Option(name: .long, help: ArgumentHelp("Length.", valueName: "size"))
  var length = "4KiB"

  @Option(name: .long, help: ArgumentHelp("Offset in the storage.", valueName: "size"))
  var storageOffset = "0"

  @Flag(name: .long, help: "Read the storage into the buffer.")
  var read = false

  @Option(
    name: .long, help: ArgumentHelp("Number to finish it by; by default the next free one.", valueName: "n"))
  var number: Int?

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .beginTransfer(
      ProcessID(pid),
      buffer: try workload.addressName(buffer, offset: try parseBytes(offset, option: "--offset").rawValue),
      length: try parseBytes(length, option: "--length").rawValue,
      storage: try workload.objectName(storage),
      offset: try parseBytes(storageOffset, option: "--storage-offset").rawValue, isRead: read,
      number: number.map { TransferID($0) })
  }

  func run(in context: CommandContext) throws {
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    let address = try workload.address(
      buffer, in: pid, offset: parseBytes(offset, option: "--offset").rawValue)
    let transfer = SimWorkload.Transfer(
      buffer: address, length: try parseBytes(length, option: "--length").rawValue, storage: storage,
      offset: try parseBytes(storageOffset, option: "--storage-offset").rawValue, isRead: read)
    guard let number = try workload.begin(transfer, by: pid, number: number) else {
      return try workload.report(.waits, of: pid, output, in: context)
    }
    var object = JSONObject()
    object.add("transfer", number)
    object.add("pid", pid)
    try context.out.write(output.json ? JSON.object(object).text : "\(number)\n")
  }
}

struct SimIOFinish: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "finish", abstract: "Finish direct I/O: move the data, and release the buffer.")

  @Argument(help: "Its number.")
  var transfer: Int

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .finishTransfer(TransferID(transfer))
  }

  func run(in context: CommandContext) throws {
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    try workload.finishTransfer(transfer)
    try workload.report(.done, of: nil, output, in: context)
  }
}

struct SimUnbind: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "unbind",
    abstract: "Unbind the driver of a namespace of a simulated machine, without checking for users.",
    discussion: """
      As a write to the driver's unbind file: the policy "teardown" decides what becomes of mappings and pins. pmemctl \
      namespace disable checks first, and refuses.
      """)

  @Argument(help: "Process that does it, and blocks if the policy does.")
  var pid: Int

  @Argument(help: "A namespace, by any name.")
  var namespace: String

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .unbind(ProcessID(pid), try workload.device(namespace))
  }

  func run(in context: CommandContext) throws {
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    try workload.report(try workload.unbind(pid, namespace), of: pid, output, in: context)
  }
}

struct SimBind: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "bind", abstract: "Bind a namespace of a simulated machine to its driver.")

  @Argument(help: "The namespace.")
  var namespace: String

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    try SimWorkload(which.open(in: context, forWriting: true)).bind(namespace)
  }
}

struct SimCheck: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Report invariants that a simulated machine violates, or has violated.",
    discussion: "It exits with 1 if there are any.")

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let found = SimWorkload(try which.open(in: context, forWriting: false)).violations
    try context.out.write(
      output.json
        ? Violation.json(found).text
        : found.map { "\($0.invariant.rawValue): \($0.text.sanitized)\n" }.joined())
    guard found.isEmpty else { throw DeviceError(.failed, "violated: \(counted(found.count, "invariant"))") }
  }
}
