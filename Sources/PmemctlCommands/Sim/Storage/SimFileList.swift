import ArgumentParser
import PmemDevice
import PmemOutput
import PmemSim

struct SimFileList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the files of a simulated machine.",
    discussion: ListColumns.help(SimFileColumns.all), aliases: ["ls"])

  @OptionGroup var list: ListOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let columns = try ListColumns(SimFileColumns.all, list, isJSON: output.json)
    let files = columns.sorted(SimWorkload(try which.open(in: context, forWriting: false)).files)
    guard !output.json else {
      let values = files.map { file in
        var object = JSONObject()
        object.add("path", raw: file.path)
        object.add("inode", file.inode)
        object.add("size", file.size.rawValue)
        object.add("device", file.device)
        object.add("extents", file.extents.map { .object($0.json) })
        return JSON.object(object)
      }
      return try context.out.write(JSON.array(values).text)
    }
    try context.out.write(columns.text(files, in: context))
  }
}
