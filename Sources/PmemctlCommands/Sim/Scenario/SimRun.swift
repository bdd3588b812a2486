import ArgumentParser
import PmemDevice
import PmemOutput
import PmemModel
import PmemSim

struct SimRun: MachineVerb {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run scenario files: commands on a simulated machine of their own, with expected results.",
    discussion: "It exits with 1 if a result differs from what a file expects.")

  @Argument(help: "Scenario files; - is standard input.", completion: .file())
  var files: [String]

  @OptionGroup var options: SimScenarioOptions
  @OptionGroup var exploration: SimBudgetOptions

  func run(in context: CommandContext) throws {
    let rules = try options.rules
    let budget = try exploration.budget
    let scenarios = try files.map { file throws(DeviceError) in try SimScenarioOptions.read(file, in: context)
    }
    var values: [JSON] = []
    var failed = 0
    for scenario in scenarios {
      let run = try ScenarioRun(scenario, without: rules, budget: budget, context)
      if !run.failures.isEmpty { failed += 1 }
      if options.output.json {
        values.append(Self.json(scenario, run))
      } else {
        try Self.tell(scenario, run, context)
      }
    }
    if options.output.json { try context.out.write(JSON.array(values).text) }
    guard failed == 0 else {
      throw DeviceError(.failed, "\(failed) of \(counted(scenarios.count, "scenario")) not as expected")
    }
  }

  private static func tell(_ scenario: Scenario, _ run: ScenarioRun, _ context: CommandContext) throws {
    let explored =
      run.exploration.map {
        ", \($0.found.orders) \($0.found.coverage == .exhausted ? "orders" : "orders of more")"
      } ?? ""
    var text =
      "\(run.failures.isEmpty ? "good" : "BAD ")  \(scenario.file.sanitized): \(counted(run.events.count, "step"))\(explored)\n"
    for failure in run.failures { text += "      \(failure.sanitized)\n" }
    try context.out.write(text)
  }

  private static func json(_ scenario: Scenario, _ run: ScenarioRun) -> JSON {
    var object = JSONObject()
    object.add("file", scenario.file)
    object.add("about", scenario.about.map(JSON.string))
    object.add("citations", scenario.citations.map(JSON.string))
    object.add("good", run.failures.isEmpty)
    object.add("failures", run.failures.map(JSON.string))
    object.add(
      "steps",
      run.events.map { event in
        var step = JSONObject()
        step.add("line", event.step.line)
        step.add("command", event.step.text)
        step.add("status", Int(event.outcome.status))
        step.add("waits", event.outcome.waits.map { .integer(Int64($0)) })
        step.add("wakes", event.outcome.wakes.map { .integer(Int64($0)) })
        step.add("breaks", Violation.json(event.outcome.breaks))
        return JSON.object(step)
      })
    object.add("exploration", run.exploration.map(SimExplore.json))
    return .object(object)
  }
}
