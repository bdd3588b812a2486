import ArgumentParser
import PmemDevice
import PmemOutput
import PmemSim

struct SimProcessCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "process", abstract: "Start and stop processes on a simulated machine.",
    subcommands: [SimProcessStart.self, SimProcessStop.self, SimProcessList.self])
}

struct SimProcessStart: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "start", abstract: "Start a process on a simulated machine.")

  @Argument(help: "What it calls itself.")
  var command: String

  @Option(name: .shortAndLong, help: "Its number; by default the lowest free one from 1000.")
  var pid: Int?

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let started = try SimWorkload(which.open(in: context, forWriting: true)).start(command, pid: pid)
    var object = JSONObject()
    object.add("pid", started)
    object.add("comm", command)
    try context.out.write(output.json ? JSON.object(object).text : "\(started)\n")
  }
}

struct SimProcessStop: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop", abstract: "End a process on a simulated machine, and its mappings with it.")

  @Argument(help: "Its number.")
  var pid: Int

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    try SimWorkload(which.open(in: context, forWriting: true)).stop(pid)
  }
}

struct SimProcessList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the processes of a simulated machine.", aliases: ["ls"])

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let processes = SimWorkload(try which.open(in: context, forWriting: false)).processes
    guard !output.json else {
      let values = processes.map { process in
        var object = JSONObject()
        object.add(process.name)
        object.add("mappings", process.mappings)
        object.add("mapped", process.mapped.rawValue)
        return JSON.object(object)
      }
      return try context.out.write(JSON.array(values).text)
    }
    var table = Table([("PID", .right), ("COMMAND", .left), ("MAPPINGS", .right), ("MAPPED", .right)])
    for process in processes {
      table.add([
        "\(process.name.pid)", process.name.command.text, "\(process.mappings)", "\(process.mapped)",
      ])
    }
    try context.out.write(table.text)
  }
}
