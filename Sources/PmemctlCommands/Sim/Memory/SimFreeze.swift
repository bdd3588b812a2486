import ArgumentParser
import PmemDevice
import PmemOutput
import PmemModel
import PmemSim

struct SimFreezeCommand: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "freeze",
    abstract:
      "Suspend a device's queue, or freeze a filesystem, of a simulated machine.",
    discussion: """
      A suspended queue does not stop stores through a DAX mapping; removing page table entries does, and so does \
      write-protecting them. thaw reports how many stores got through.
      """)

  @Argument(help: "A block device, or the directory that a filesystem is mounted on.")
  var what: String

  @Option(name: .shortAndLong, help: "none, unmap or write-protect; by default the policy in force.")
  var policy: String?

  @Option(
    name: .long,
    help: "Process that does it, and blocks on writers as in the kernel; without it, no process blocks."
  )
  var pid: Int?

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  private var freezePolicy: FreezePolicy? {
    get throws(DeviceError) {
      guard let policy else { return nil }
      return try parseChoice(policy, option: "--policy") as FreezePolicy
    }
  }

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    let (volume, isFilesystem) = try workload.freezable(what)
    return .freeze(volume, isFilesystem: isFilesystem, try freezePolicy, by: pid.map { ProcessID($0) })
  }

  func run(in context: CommandContext) throws {
    let policy = try freezePolicy
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    guard let cost = try workload.freeze(what, policy: policy, by: pid) else {
      return try workload.report(.waits, of: pid, output, in: context)
    }
    var object = JSONObject()
    object.add("entries", cost)
    try context.out.write(
      output.json ? JSON.object(object).text : "frozen; \(cost) page table entries were changed\n")
  }
}

struct SimThaw: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "thaw", abstract: "Resume a suspended device, or thaw a filesystem, of a simulated machine.")

  @Argument(help: "A block device, or the directory that a filesystem is mounted on.")
  var what: String

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    let (volume, isFilesystem) = try workload.freezable(what)
    return .thaw(volume, isFilesystem: isFilesystem)
  }

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
