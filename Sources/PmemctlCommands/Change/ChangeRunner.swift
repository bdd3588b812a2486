import PmemDevice
import PmemNdctl
import PmemOutput

/// The way of every changing verb with its plan: show it, ask, run it, and conclude from its outcome.
struct ChangeRunner {
  let context: CommandContext
  let backend: any CommandContext.Backend
  let options: ChangeOptions
  let machine: MachineOptions
  let isJSON: Bool
  /// The change that the plan undoes.
  var undoes: UndoRecord?
  /// Whether the plan ends what another one began: a signal that came before does not stop it.
  var isRestoring = false
  /// Called once every step was performed: the deviations from the plan, a line each.
  var verify: (() -> [String])?

  /// - Parameters:
  ///   - plan: The plan.
  ///   - inventory: The inventory that it was made from; privileges and names are taken from it.
  ///   - json: The plan for machines; nil for the plain form.
  /// - Throws: The error that stopped it; it says whether the old state is restored. ``ChangeDeclined`` for a "no".
  /// - Returns: Whether it was done; false for a dry run.
  func run(_ plan: Plan, from inventory: Inventory, json: JSONObject? = nil) throws -> Bool {
    guard try prepare(plan, from: inventory, json: json) else { return false }
    guard !plan.entries.isEmpty else { return true }
    try perform(plan, inventory)
    return true
  }

  /// All that comes before the first step: shows the plan, or checks who asks and asks them.
  ///
  /// - Returns: Whether to continue; false for a dry run.
  /// - Throws: ``DeviceError/Code/permission``, ``DeviceError/Code/refused``, ``ChangeDeclined``.
  func prepare(_ plan: Plan, from inventory: Inventory, json: JSONObject? = nil) throws -> Bool {
    let plan = plan.namingResets(in: inventory)
    guard !options.dryRun else {
      let rendering = PlanRendering(plan)
      try context.out.write(
        isJSON ? JSON.object(json ?? rendering.json).text : rendering.text(isDryRun: true))
      return false
    }
    for warning in plan.warnings { context.note(warning) }
    guard !plan.entries.isEmpty else { return true }
    guard inventory.host.isPrivileged else {
      throw DeviceError(
        .permission, "cannot \(plan.title): only root may change persistent memory",
        details: ["--dry-run shows what would be done"], try: [context.asRoot])
    }
    guard try isConfirmed(plan) else { throw ChangeDeclined() }
    return true
  }

  /// A person may think for long before answering, and other tools take no lock.
  private func refuseStale(_ plan: Plan, _ inventory: Inventory) throws(DeviceError) {
    guard try backend.inventory(.planning).fingerprint != inventory.fingerprint else { return }
    throw DeviceError(
      .failed, "cannot \(plan.title): the machine has changed since it was planned",
      details: ["nothing was changed"], try: [context.again])
  }

  private func perform(_ plan: Plan, _ inventory: Inventory) throws {
    try refuseStale(plan, inventory)
    let progress = StepProgress(plan, inventory, options.progress, context)
    let nodes = nodes(recreatedBy: plan, inventory)
    let recovery = ChangeRecovery(
      plan, from: inventory, on: backend, journal: options.noUndo ? nil : context.journal(machine),
      undoes: undoes, time: context.now(), nodes: nodes?.saved ?? [])
    let signals = context.signals
    signals.hold()
    let outcome = keeping(nodes) {
      var outcome = PlanRunner(on: backend, recovery: recovery).outcome(
        of: plan, shouldContinue: { isRestoring || !signals.isInterrupted },
        willPerform: progress.willPerform)
      progress.end()
      if case .done = outcome, let remains = verify?(), !remains.isEmpty {
        let error = DeviceError(
          .failed, "cannot \(plan.title): the result is not as planned", details: remains)
        let differs = recovery.restore()
        outcome = differs.isEmpty ? .rolledBack(error) : .stuck(error, remains: differs)
      }
      return outcome
    }
    if case .done = outcome { noteUnusable(after: plan) }
    try OutcomeRendering(context, plan, recovery).conclude(outcome)
  }

  /// A region that is enabled enables its namespaces, or reports only in the kernel's log why not; and it silently
  /// presents a namespace whose info block cannot be read as raw. So may the neighbours that an undo disables for a
  /// while; namespaces that other verbs enable are their subject, and verified.
  private func noteUnusable(after plan: Plan) {
    let enabled = plan.entries.compactMap { entry -> String? in
      switch entry.step {
      case .enableRegion(let name): name
      case .enable(let name): undoes == nil ? nil : name
      default: nil
      }
    }
    guard !enabled.isEmpty else { return }
    let inventory: Inventory
    do throws(DeviceError) {
      inventory = try backend.inventory(.planning)
    } catch {
      return context.note("whether the enabled devices can be used is unknown: \(error.summary)")
    }
    let blocks = InfoBlockExamination(inventory, backend)
    for region in inventory.regions {
      for namespace in region.configuredNamespaces
      where enabled.contains(region.dev) || enabled.contains(namespace.dev) {
        if !namespace.isEnabled {
          context.note(
            "the kernel did not enable \(namespace.title); try: "
              + context.text("pmemctl namespace enable \(namespace.dev)"))
        } else if let finding = blocks.finding(namespace) {
          let ways = finding.suggestions.map { "; try: " + context.text($0) }.joined()
          context.note("\(namespace.dev): \(finding.text)\(ways)")
        }
      }
    }
  }

  /// The device nodes, with their settings, that a plan has the kernel create again; nil if it does not.
  func nodes(recreatedBy plan: Plan, _ inventory: Inventory) -> DeviceNodes? {
    guard !backend.isSimulated else { return nil }
    return plan.entries.contains(where: \.step.recreatesNodes) ? DeviceNodes(of: inventory) : nil
  }

  /// Restores the settings of device nodes that `body` has created again, also if it rolled back.
  func keeping<Result>(_ nodes: DeviceNodes?, _ body: () -> Result) -> Result {
    defer {
      if let nodes, let inventory = try? backend.inventory(.listing) {
        for line in nodes.restore(in: inventory) { context.note(line) }
      }
    }
    return body()
  }

  private func isConfirmed(_ plan: Plan) throws -> Bool {
    guard plan.isDestructive, !options.yes else { return true }
    guard context.terminal.isInteractive else {
      guard plan.harmsUsers else { return true }
      throw DeviceError(
        .refused,
        "refused to \(plan.title): it harms users or loses content, and there is no terminal to ask on",
        details: plan.warnings + ["--yes confirms it; nothing was changed"])
    }
    try context.err.write(PlanRendering(plan).text(isDryRun: false) + "Continue? [y/N] ")
    let answer = context.readAnswer()?.lowercased() ?? ""
    return answer == "y" || answer == "yes"
  }
}
