import ArgumentParser
import PmemDevice
import PmemOutput
import PmemSim

struct SimTimeline: MachineVerb {
  static let configuration = CommandConfiguration(
    commandName: "timeline",
    abstract: "Show a scenario as a sequence diagram: processes, device and filesystem in columns.")

  @Argument(help: "A scenario file; - is standard input.", completion: .file())
  var file: String

  @Option(
    name: .long,
    help: ArgumentHelp("Draw it as SVG into this new file; - is standard output.", valueName: "file"),
    completion: .file(extensions: ["svg"]))
  var svg: String?

  @OptionGroup var options: SimScenarioOptions

  func run(in context: CommandContext) throws {
    let scenario = try SimScenarioOptions.read(file, in: context)
    let run = try ScenarioRun(scenario, without: try options.rules, context)
    let timeline = Timeline(run)
    let title = scenario.about.first ?? scenario.file
    if let svg {
      try OutputFile.write(Array(TimelineDrawing(timeline, title: title).svg.utf8), to: svg, in: context)
    } else if options.output.json {
      try context.out.write(Self.json(timeline).text)
    } else {
      try context.out.write("\(title.sanitized)\n\n" + timeline.text(width: context.terminal.width))
    }
  }

  private static func json(_ timeline: Timeline) -> JSON {
    .array(
      timeline.rows.map { row in
        var object = JSONObject()
        object.add("who", timeline.columns[row.column])
        object.add("what", row.text)
        object.add("waits", row.isWait)
        object.add("fails", row.isFailure)
        object.add(
          "changes",
          row.changes.map { change in
            var object = JSONObject()
            object.add("who", timeline.columns[change.column])
            object.add("what", change.text)
            return JSON.object(object)
          })
        object.add("breaks", row.broken.map(JSON.string))
        return JSON.object(object)
      })
  }
}
