import ArgumentParser
import PmemDevice
import PmemOutput
import PmemModel
import PmemSim

struct SimExplore: MachineVerb {
  static let configuration = CommandConfiguration(
    commandName: "explore",
    abstract:
      "Run the threads of a scenario in all interleavings, and report those that violate an invariant.",
    discussion: """
      For each violated invariant the shortest order that violates it is reported, without irrelevant steps. It exits \
      with 1 if there is one.
      """)

  @Argument(help: "A scenario file; - is standard input.", completion: .file())
  var file: String

  @OptionGroup var options: SimScenarioOptions
  @OptionGroup var exploration: SimBudgetOptions
  @OptionGroup var progress: ProgressOptions

  func run(in context: CommandContext) throws {
    let scenario = try SimScenarioOptions.read(file, in: context)
    let machine = try ScenarioMachine(scenario.machine, without: try options.rules, context)
    for step in scenario.steps {
      let outcome = machine.run(step)
      guard outcome.status == 0 || !step.expectations.isEmpty else {
        throw DeviceError(
          .failed, "\(file), line \(step.line): \(step.text): it failed",
          details: outcome.err.split(separator: "\n").map(String.init))
      }
    }
    let budget = try exploration.budget
    let unit = budget.maxOrders == nil ? "states" : "orders"
    let explored = try ScenarioExploration(
      scenario, machine, budget, progress: context.line(progress, "exploring \(file)", unit: unit), context)
    let json = JSON.object(Self.json(explored))
    try context.out.write(options.output.json ? json.text : Self.text(explored))
    guard explored.found.findings.isEmpty else {
      throw DeviceError(.failed, "some order violates \(counted(explored.found.findings.count, "invariant"))")
    }
    guard explored.found.coverage != .interrupted else {
      throw DeviceError(.interrupted, "interrupted: the findings so far are above")
    }
  }

  private static func text(_ explored: ScenarioExploration) -> String {
    let found = explored.found
    var text = ""
    // Of states that were not all entered, no order need be complete.
    if found.orders > 0 {
      let all = found.coverage == .exhausted ? "orders, all of them" : "orders of more"
      text += "\(found.orders) \(all), \(found.steps) steps\n"
    }
    text += found.coverage.rawValue
    if found.states > 0 { text += ": \(found.states) states, \(found.transitions) steps taken" }
    text += "\n"
    for finding in found.findings {
      text += "\n\(finding.violation.invariant.rawValue): \(finding.violation.text.sanitized)\n"
      for (thread, step) in finding.run.map(explored.text) {
        text += "  \(thread.sanitized): \(step.text.sanitized)\n"
      }
    }
    return text
  }

  static func json(_ explored: ScenarioExploration) -> JSONObject {
    let found = explored.found
    var object = JSONObject()
    object.add("orders", found.orders)
    object.add("steps", found.steps)
    object.add("complete", found.coverage == .exhausted)
    object.add("coverage", found.coverage.rawValue)
    object.add("states", found.states)
    object.add(
      "broken",
      found.findings.map { finding in
        var object = JSONObject()
        object.add("invariant", finding.violation.invariant.rawValue)
        object.add("text", finding.violation.text)
        object.add(
          "run",
          finding.run.map(explored.text).map { thread, step in
            var object = JSONObject()
            object.add("thread", thread)
            object.add("command", step.text)
            return JSON.object(object)
          })
        return JSON.object(object)
      })
    return object
  }
}
