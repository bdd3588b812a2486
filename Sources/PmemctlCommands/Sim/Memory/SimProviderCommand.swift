import ArgumentParser
import PmemDevice
import PmemOutput
import PmemModel
import PmemSim

struct SimProviderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "provider", abstract: "Manage drivers with ->direct_access on a simulated machine.",
    subcommands: [
      SimProviderCreate.self, SimProviderList.self, SimProviderPool.self, SimProviderUpdate.self,
      SimProviderRemove.self,
    ])
}

struct SimProviderCreate: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Create a driver with ->direct_access on a simulated machine.",
    discussion: """
      brd allocates a page when it is first asked for, one at a time; remote fetches what it is first asked for. The \
      device of a namespace needs no such driver: its answer is arithmetic.
      """)

  @Argument(help: "Name of the driver.")
  var name: String

  @Option(name: .long, help: "brd or remote.")
  var kind = "brd"

  @Option(name: .shortAndLong, help: ArgumentHelp("Size.", valueName: "size"))
  var size = "1MiB"

  @Option(name: .long, help: ArgumentHelp("Pages of 4 KiB that a brd can allocate.", valueName: "n"))
  var pool: UInt64 = 1 << 30

  @Option(name: .long, help: "Namespace that it serves; the driver takes that size.")
  var under: String?

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    try SimWorkload(which.open(in: context, forWriting: true)).makeProvider(
      name, kind: kind, size: try parseBytes(size, option: "--size"), pool: pool, under: under)
  }
}

struct SimProviderList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the created drivers with ->direct_access.",
    discussion: ListColumns.help(SimProviderColumns.all), aliases: ["ls"])

  @OptionGroup var list: ListOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let columns = try ListColumns(SimProviderColumns.all, list, isJSON: output.json)
    let providers = columns.sorted(SimWorkload(try which.open(in: context, forWriting: false)).providers)
    guard !output.json else {
      let values = providers.map { provider in
        var object = JSONObject()
        object.add("name", provider.name)
        object.add("kind", provider.kind)
        object.add("pages", provider.pages)
        object.add("present", provider.present)
        object.add("fetching", provider.fetching)
        object.add("pool", provider.pool)
        object.add("calls", provider.calls)
        object.add("sleeps", provider.sleeps)
        return JSON.object(object)
      }
      return try context.out.write(JSON.array(values).text)
    }
    try context.out.write(columns.text(providers, in: context))
  }
}

struct SimProviderPool: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "pool", abstract: "Set how many more pages of a RAM disk can be allocated.")

  @Argument(help: "The provider.")
  var name: String

  @Argument(help: "Number of pages.")
  var pages: UInt64

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .setPool(name, pages: pages)
  }

  func run(in context: CommandContext) throws {
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    try workload.setPool(name, pages)
    try workload.report(.done, of: nil, output, in: context)
  }
}

struct SimProviderUpdate: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "update", abstract: "Complete the fetch of a remote provider, or fail it.")

  @Argument(help: "The provider.")
  var name: String

  @Flag(name: .long, help: "Fail the fetch: blocked processes get an error.")
  var fail = false

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .finishUpdate(name, fails: fail)
  }

  func run(in context: CommandContext) throws {
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    try workload.finishUpdate(name, fails: fail)
    try workload.report(.done, of: nil, output, in: context)
  }
}

struct SimProviderRemove: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Remove a driver with ->direct_access.")

  @Argument(help: "The provider.")
  var name: String

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    try workload.removeProvider(name)
    try workload.report(.done, of: nil, output, in: context)
  }
}

struct SimDirectAccessCommand: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "direct-access", abstract: "Call ->direct_access of a driver of a simulated machine.")

  @Argument(help: "Calling process.")
  var pid: Int

  @Argument(help: "A provider, or a namespace's device.")
  var name: String

  @Option(name: .long, help: ArgumentHelp("The first page.", valueName: "n"))
  var page: UInt64 = 0

  @Option(name: .long, help: ArgumentHelp("Number of pages asked for.", valueName: "n"))
  var pages: UInt64 = 1

  @Flag(name: .long, help: "From atomic context, in which the driver must not sleep.")
  var atomic = false

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    guard workload.providers.contains(where: { $0.name == name }) else {
      return .deviceAccess(try workload.volume(name), page: page, pages: pages)
    }
    return .directAccess(ProcessID(pid), driver: name, page: page, pages: pages, isAtomic: atomic)
  }

  func run(in context: CommandContext) throws {
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    let answer = try workload.directAccess(pid, name, page: page, pages: pages, isAtomic: atomic)
    guard !output.json else {
      var object = JSONObject()
      object.add("pages", answer.pages)
      object.add("slept", answer.slept)
      return try context.out.write(JSON.object(object).text)
    }
    guard let pages = answer.pages else { return try workload.report(.waits, of: pid, output, in: context) }
    try context.out.write("\(counted(pages, "page"))\(answer.slept ? ", slept" : "")\n")
  }
}
