import ArgumentParser
import PmemDevice
import PmemOutput
import PmemSim

struct SimFreezeCommand: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "freeze", abstract: "Stop a device's queue, or freeze a filesystem, of a simulated machine.",
    discussion: """
      A stopped queue does not stop stores through a DAX mapping; removing page table entries does, and so does \
      write-protecting them. thaw tells how many stores got through.
      """)

  @Argument(help: "A block device, or the folder that a filesystem is mounted on.")
  var what: String

  @Option(name: .shortAndLong, help: "none, unmap or write-protect; by default the policy in force.")
  var policy: String?

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let policy = try policy.map { text throws(DeviceError) -> SimFreezePolicy in
      guard let policy = SimFreezePolicy(rawValue: text) else {
        let known = SimFreezePolicy.allCases.map(\.rawValue).joined(separator: ", ")
        throw DeviceError(.usage, "--policy: \"\(text)\" is none of \(known)")
      }
      return policy
    }
    let cost = try SimWorkload(which.open(in: context, forWriting: true)).freeze(what, policy: policy)
    var object = JSONObject()
    object.add("entries", cost)
    try context.out.write(
      output.json ? JSON.object(object).text : "frozen; \(cost) page table entries were changed\n")
  }
}

struct SimThaw: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "thaw", abstract: "Let a frozen device or filesystem of a simulated machine go on.")

  @Argument(help: "A block device, or the folder that a filesystem is mounted on.")
  var what: String

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let (stores, woken) = try SimWorkload(which.open(in: context, forWriting: true)).thaw(what)
    var object = JSONObject()
    object.add("stores", stores)
    object.add("woken", woken.map { .integer(Int64($0)) })
    let who = woken.isEmpty ? "" : "; going on: " + woken.map(String.init).joined(separator: ", ")
    try context.out.write(
      output.json
        ? JSON.object(object).text : "thawed; \(stores) stores reached the media while it was frozen\(who)\n")
  }
}
