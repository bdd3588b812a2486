import ArgumentParser
import PmemDevice
import PmemOutput
import PmemSim

struct SimMap: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "map", abstract: "Map a device into a process of a simulated machine.")

  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "A namespace's device, such as dax0.0, or its name.")
  var device: String

  @Option(name: .long, help: ArgumentHelp("Where in the device to begin.", valueName: "size"))
  var offset = "0"

  @Option(name: .long, help: ArgumentHelp("How much; by default all behind the offset.", valueName: "size"))
  var length: String?

  @Flag(name: .long, help: "Without the right to store.")
  var readOnly = false

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let offset = try parseBytes(offset, option: "--offset").rawValue
    let length = try length.map { text throws(DeviceError) in
      try parseBytes(text, option: "--length").rawValue
    }
    let machine = try which.open(in: context, forWriting: true)
    let inventory = try SimBackend(machine).inventory(.listing)
    guard let namespace = try NameResolver(inventory).namespaces([device]).first else { return }
    let address = try SimWorkload(machine).map(
      namespace, into: pid, offset: offset, length: length, isWritable: !readOnly)
    var object = JSONObject()
    object.add("pid", pid)
    object.add("start", address)
    try context.out.write(output.json ? JSON.object(object).text : "0x\(String(address, radix: 16))\n")
  }
}

struct SimUnmap: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "unmap", abstract: "Take a mapping of a simulated machine's process away, or a part of it.")

  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "From where, as sim map said, or inside of it.")
  var address: String

  @Option(name: .long, help: ArgumentHelp("How much; by default the rest of the mapping.", valueName: "size"))
  var length: String?

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let length = try length.map { text throws(DeviceError) in
      try parseBytes(text, option: "--length").rawValue
    }
    let address = try parseAddress(address)
    try SimWorkload(which.open(in: context, forWriting: true)).unmap(pid, at: address, length: length)
  }
}

struct SimTouch: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "touch", abstract: "Have a process of a simulated machine access its mapping.")

  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "Where, in a mapping.")
  var address: String

  @Option(name: .long, help: ArgumentHelp("How much.", valueName: "size"))
  var length = "1"

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let length = try parseBytes(length, option: "--length").rawValue
    let address = try parseAddress(address)
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    guard try workload.touch(pid, at: address, length: length) else {
      throw DeviceError(
        .failed, "process \(pid) was killed by SIGBUS",
        details: ["there is nothing behind 0x\(String(address, radix: 16)) any more"])
    }
  }
}

/// Reads an address: hexadecimal, with or without 0x.
private func parseAddress(_ text: String) throws(DeviceError) -> UInt64 {
  let digits = text.hasPrefix("0x") ? String(text.dropFirst(2)) : text
  guard let address = UInt64(digits, radix: 16) else {
    throw DeviceError(.usage, "\"\(text)\" is not an address, such as 0x7f0000200000")
  }
  return address
}
