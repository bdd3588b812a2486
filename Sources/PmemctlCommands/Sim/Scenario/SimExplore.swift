import ArgumentParser
import PmemDevice
import PmemOutput
import PmemSim

struct SimExplore: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "explore",
    abstract: "Run the threads of a scenario in all orders, and tell of those that break something.",
    discussion: """
      For each invariant that some order breaks, the shortest such order is told, without the steps that do not matter. \
      The status is 1 where there is one.
      """)

  @Argument(help: "A scenario file; - is standard input.", completion: .file())
  var file: String

  @OptionGroup var options: SimScenarioOptions
  @OptionGroup var exploration: SimBudgetOptions

  func run(in context: CommandContext) throws {
    let scenario = try SimScenarioOptions.read(file)
    let machine = try ScenarioMachine(scenario.machine, without: try options.rules, context)
    for step in scenario.steps {
      let outcome = machine.run(step)
      guard outcome.status == 0 || !step.expectations.isEmpty else {
        throw DeviceError(
          .failed, "\(file), line \(step.line): \(step.text): it failed",
          details: outcome.err.split(separator: "\n").map(String.init))
      }
    }
    let found = try Explorer(scenario, machine, try exploration.budget).explore()
    try context.out.write(options.output.json ? Self.json(found).text : Self.text(found))
    guard found.findings.isEmpty else {
      throw DeviceError(.failed, "\(found.findings.count) invariants are broken by some order")
    }
  }

  private static func text(_ found: Exploration) -> String {
    var text =
      "\(found.orders) \(found.isComplete ? "orders, all of them" : "orders of more"), \(found.steps) steps\n"
    for finding in found.findings {
      text += "\n\(finding.violation.invariant.rawValue): \(finding.violation.text.sanitized)\n"
      for (thread, step) in finding.run { text += "  \(thread.sanitized): \(step.text.sanitized)\n" }
    }
    return text
  }

  static func json(_ found: Exploration) -> JSONObject {
    var object = JSONObject()
    object.add("orders", found.orders)
    object.add("steps", found.steps)
    object.add("complete", found.isComplete)
    object.add(
      "broken",
      found.findings.map { finding in
        var object = JSONObject()
        object.add("invariant", finding.violation.invariant.rawValue)
        object.add("text", finding.violation.text)
        object.add(
          "run",
          finding.run.map { thread, step in
            var object = JSONObject()
            object.add("thread", thread)
            object.add("command", step.text)
            return JSON.object(object)
          })
        return JSON.object(object)
      })
    return object
  }

  private static func json(_ found: Exploration) -> JSON { .object(json(found)) }
}
