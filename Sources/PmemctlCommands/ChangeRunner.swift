import PmemDevice
import PmemOutput

/// What every changing verb does with its plan: show it, ask, run it.
struct ChangeRunner {
  let context: CommandContext
  let backend: any CommandContext.Backend
  let options: ChangeOptions
  let isJSON: Bool

  /// - Parameters:
  ///   - plan: What to do.
  ///   - host: Whose privileges decide.
  ///   - json: The plan for machines; nil for the plain form.
  /// - Throws: What stopped it; nothing remains changed then, or the error says what.
  /// - Returns: Whether it was done; false for a dry run and for a "no".
  func run(_ plan: Plan, on host: HostFacts, json: JSONObject? = nil) throws -> Bool {
    guard !options.dryRun else {
      let rendering = PlanRendering(plan)
      try context.out.write(
        isJSON ? JSON.object(json ?? rendering.json).text : rendering.text(isDryRun: true))
      return false
    }
    for warning in plan.warnings { context.note(warning) }
    guard !plan.entries.isEmpty else { return true }
    guard host.isPrivileged else {
      throw DeviceError(
        .permission, "cannot \(plan.title): only root may change persistent memory",
        details: ["--dry-run shows what would be done"], try: ["sudo pmemctl ..."])
    }
    guard try isConfirmed(plan) else {
      context.note("nothing was changed")
      return false
    }
    let isTold = context.terminal.isInteractive && !options.noProgress
    try PlanRunner(on: backend).run(plan) { entry in
      if isTold { context.note(entry.text) }
    }
    return true
  }

  private func isConfirmed(_ plan: Plan) throws -> Bool {
    guard plan.isDestructive, !options.yes else { return true }
    guard context.terminal.isInteractive else {
      guard plan.hurts else { return true }
      throw DeviceError(
        .refused, "refused to \(plan.title): it hurts others, and there is nobody to ask",
        details: plan.warnings + ["--yes does it without asking; nothing was changed"])
    }
    try context.err.write(PlanRendering(plan).text(isDryRun: false) + "Go on? [y/N] ")
    let answer = context.readAnswer()?.lowercased() ?? ""
    return answer == "y" || answer == "yes"
  }
}
