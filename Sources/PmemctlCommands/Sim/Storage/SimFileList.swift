import ArgumentParser
import PmemDevice
import PmemOutput
import PmemSim

struct SimFileList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the files of a simulated machine.", aliases: ["ls"])

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let files = SimWorkload(try which.open(in: context, forWriting: false)).files
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
    var table = Table([
      ("INODE", .right), ("SIZE", .right), ("DEVICE", .left), ("OFFSET", .right), ("EXTENTS", .right),
      ("PATH", .left),
    ])
    for file in files {
      table.add([
        "\(file.inode)", "\(file.size)", file.device,
        file.extents.first.map { "\(ByteCount($0.offset))" } ?? "-", "\(file.extents.count)", file.path.text,
      ])
    }
    try context.out.write(table.text)
  }
}
