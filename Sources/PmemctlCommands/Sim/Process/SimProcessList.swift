import ArgumentParser
import PmemDevice
import PmemOutput
import PmemSim

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
        object.add("waits_for", process.waitsFor)
        return JSON.object(object)
      }
      return try context.out.write(JSON.array(values).text)
    }
    var table = Table([
      ("PID", .right), ("COMMAND", .left), ("MAPPINGS", .right), ("MAPPED", .right), ("WAITS FOR", .left),
    ])
    for process in processes {
      table.add([
        "\(process.name.pid)", process.name.command.text, "\(process.mappings)", "\(process.mapped)",
        process.waitsFor?.sanitized ?? "",
      ])
    }
    try context.out.write(table.text)
  }
}
