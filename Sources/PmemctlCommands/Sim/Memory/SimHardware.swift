import ArgumentParser
import PmemDevice
import PmemOutput
import PmemModel
import PmemSim

struct SimDMA: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "dma", abstract: "Have the hardware behind a pin of a simulated machine write to its pages.",
    discussion: "What was pinned to be read, such as pages that are sent, it reads.")

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
    commandName: "io", abstract: "Direct I/O on a simulated machine, between a buffer and storage.",
    subcommands: [SimIOBegin.self, SimIOFinish.self])
}

struct SimIOBegin: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "begin", abstract: "Begin direct I/O: the buffer is referenced, the storage knows of it.",
    discussion: """
      The two endpoints: the buffer is memory of the process, which may be a mapped file; the storage is a file. Without \
      --read the buffer is written to the storage.
      """)

  @Argument(help: "The process.")
  var pid: Int

  @Argument(
    help: "The buffer: an address in a mapping (0x...), or the device or file that it has mapped once.")
  var buffer: String

  @Argument(help: "The storage: a file.")
  var storage: String

  @Option(name: .long, help: ArgumentHelp("Where in the mapping the buffer begins.", valueName: "size"))
  var offset = "0"

  @Option(name: .long, help: ArgumentHelp("How much.", valueName: "size"))
  var length = "4KiB"

  @Option(name: .long, help: ArgumentHelp("Where in the storage.", valueName: "size"))
  var storageOffset = "0"

  @Flag(name: .long, help: "Read the storage into the buffer.")
  var read = false

  @Option(
    name: .long, help: ArgumentHelp("What to finish it by; by default the next number.", valueName: "n"))
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
    commandName: "finish", abstract: "Finish direct I/O: the data are moved, the buffer is let go.")

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
    abstract: "Take the driver of a namespace of a simulated machine away, without looking who uses it.",
    discussion: """
      As a write to the driver's unbind file: what becomes of mappings and pins is the policy "teardown". \
      pmemctl namespace disable looks first, and refuses.
      """)

  @Argument(help: "The process that does it, and waits where the policy does.")
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
    commandName: "bind", abstract: "Give a namespace of a simulated machine its driver back.")

  @Argument(help: "The namespace.")
  var namespace: String

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    try SimWorkload(which.open(in: context, forWriting: true)).bind(namespace)
  }
}

struct SimCheck: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Tell what is or was, on a simulated machine, that must never be.",
    discussion: "The status is 1 where there is something.")

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let found = SimWorkload(try which.open(in: context, forWriting: false)).violations
    try context.out.write(
      output.json
        ? Violation.json(found).text
        : found.map { "\($0.invariant.rawValue): \($0.text.sanitized)\n" }.joined())
    guard found.isEmpty else { throw DeviceError(.failed, "\(found.count) invariants are broken") }
  }
}
