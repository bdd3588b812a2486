import PmemDevice
import PmemOutput

/// The frame of every changing verb: open the machine, read it, plan, show or ask, run, report.
struct Change {
  let context: CommandContext
  let options: ChangeOptions
  let output: OutputOptions
  let machine: MachineOptions
  var accepted: AcceptedDangers = []

  init(
    _ context: CommandContext, _ options: ChangeOptions, _ output: OutputOptions, _ machine: MachineOptions,
    accepting accepted: AcceptedDangers = []
  ) {
    self.context = context
    self.options = options
    self.output = output
    self.machine = machine
    self.accepted = accepted
  }

  /// The plan of a verb, and what its report needs beside the plan.
  struct Planned<Subject> {
    let plan: Plan
    /// The plan for machines; nil for the plain form.
    var json: JSONObject?
    let subject: Subject
    /// As ``ChangeRunner/verify``.
    var verify: (() -> [String])?
  }

  /// - Parameters:
  ///   - make: Plans; changes nothing.
  ///   - report: Prints the answer; called only after the plan was carried out, or had no steps.
  /// - Throws: The error that stopped it.
  func run<Subject>(
    plan make: (any CommandContext.Backend, Inventory) throws -> Planned<Subject>,
    report: (Planned<Subject>, any CommandContext.Backend) throws -> Void
  ) throws {
    let backend = try context.open(machine, forWriting: !options.dryRun)
    let inventory = try backend.inventory(.planning)
    let planned = try make(backend, inventory)
    var runner = ChangeRunner(
      context: context, backend: backend, options: options, machine: machine, isJSON: output.json)
    runner.verify = planned.verify
    guard try runner.run(planned.plan, from: inventory, json: planned.json) else { return }
    guard !planned.plan.entries.isEmpty else { return try report(planned, backend) }
    do { try report(planned, backend) } catch { throw AfterChange(error) }
  }

  /// Carries out a plan that was made already.
  ///
  /// - Parameters:
  ///   - plan: The plan.
  ///   - inventory: That it was made from.
  ///   - backend: The machine.
  ///   - json: The plan for machines; nil for the plain form.
  ///   - isRestoring: As ``ChangeRunner/isRestoring``.
  /// - Returns: Whether it was done; false for a dry run.
  /// - Throws: The error that stopped it.
  func carryOut(
    _ plan: Plan, from inventory: Inventory, on backend: any CommandContext.Backend, json: JSONObject? = nil,
    isRestoring: Bool = false
  ) throws -> Bool {
    var runner = ChangeRunner(
      context: context, backend: backend, options: options, machine: machine, isJSON: output.json)
    runner.isRestoring = isRestoring
    return try runner.run(plan, from: inventory, json: json)
  }

  /// Prints values that exist after the change.
  func write(_ values: [JSON]) throws { try context.out.write(JSON.array(values).text) }

  /// A planner for namespaces that exist; `contents` is asked what would be lost, nil if nothing can be.
  func namespacePlanner(
    _ inventory: Inventory, _ backend: any CommandContext.Backend, contents: (any ContentInspector)?
  ) -> NamespaceStatePlanner {
    NamespaceStatePlanner(inventory, inspector: backend, contents: contents, accepting: accepted)
  }
}

/// An error in reporting a change that was carried out.
struct AfterChange: Error {
  let cause: any Error

  init(_ cause: any Error) { self.cause = cause }
}
