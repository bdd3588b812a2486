import ArgumentParser
import PmemDevice
import PmemOutput
import PmemSim

struct SimProcessList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the processes of a simulated machine.",
    discussion: ListColumns.help(SimProcessColumns.all), aliases: ["ls"])

  @OptionGroup var list: ListOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let columns = try ListColumns(SimProcessColumns.all, list, isJSON: output.json)
    let processes = columns.sorted(SimWorkload(try which.open(in: context, forWriting: false)).processes)
    guard !output.json else {
      let values = processes.map { process in
        var object = JSONObject()
        object.add(process.name)
        object.add("mappings", process.mappings)
        object.add("mapped", process.mapped.rawValue)
        object.add("waits_for", process.waitsFor)
        object.add("state", process.state)
        object.add("killable", process.isKillable)
        return JSON.object(object)
      }
      return try context.out.write(JSON.array(values).text)
    }
    try context.out.write(columns.text(processes, in: context))
  }
}
