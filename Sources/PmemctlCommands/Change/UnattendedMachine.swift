public import PmemDevice
import PmemNdctl

/// A machine for a front end that shows no plans and asks nothing: it runs plans through the runner, the recovery and the
/// undo journal that all verbs use.
public struct UnattendedMachine {
  public let backend: any CommandContext.Backend
  private let context: CommandContext
  private let options: MachineOptions

  /// Opens the simulated machine that `PMEMCTL_SIM` names, else this host.
  ///
  /// - Parameters:
  ///   - context: Of this command line.
  ///   - arguments: The command line, for the holder of the host's lock.
  ///   - forWriting: Whether plans will be run; another change is waited for then.
  ///   - verbose: Whether the libraries' debug messages are printed.
  /// - Throws: What opening says.
  public init(
    _ context: CommandContext, arguments: [String], forWriting: Bool, verbose: Bool = false
  ) throws(DeviceError) {
    self.context = context.naming(machine: nil, arguments: arguments, root: NoCommands.self)
    var options = MachineOptions()
    options.sim = nil
    options.verbose = verbose
    self.options = options
    backend = try self.context.open(options, forWriting: forWriting)
  }

  /// Runs a plan. Its undo record is kept if there is room for one.
  ///
  /// - Parameters:
  ///   - plan: The plan.
  ///   - inventory: That it was made from.
  /// - Throws: What stopped it; details say if the old state could not be brought back.
  public func run(_ plan: Plan, from inventory: Inventory) throws(DeviceError) {
    guard !plan.entries.isEmpty else { return }
    guard inventory.host.isPrivileged else {
      throw DeviceError(
        .permission, "cannot \(plan.title): only root may change persistent memory", errno: 13)
    }
    let nodes = nodes(recreatedBy: plan, inventory)
    let record = BestEffortRecovery(
      ChangeRecovery(
        plan, from: inventory, on: backend, journal: context.journal(options), undoes: nil,
        time: context.now(), nodes: nodes?.saved ?? []),
      else: ChangeRecovery(
        plan, from: inventory, on: backend, journal: nil, undoes: nil, time: context.now(), nodes: []))
    context.signals.hold()
    let outcome = PlanRunner(on: backend, recovery: record).outcome(
      of: plan, shouldContinue: { !context.signals.isInterrupted })
    if let nodes, let now = try? backend.inventory(.listing) { _ = nodes.restore(in: now) }
    switch outcome {
    case .done: _ = try? record.chosen.complete()
    case .rolledBack(let error):
      try? record.chosen.forget()
      throw error
    case .stuck(let error, let remains): throw error.adding(details: ["not rolled back:"] + remains)
    }
  }

  private func nodes(recreatedBy plan: Plan, _ inventory: Inventory) -> DeviceNodes? {
    guard !backend.isSimulated, plan.entries.contains(where: \.step.recreatesNodes) else { return nil }
    return DeviceNodes(of: inventory)
  }
}

extension Step {
  /// Whether the kernel recreates device nodes when the disabled object is enabled again.
  var recreatesNodes: Bool {
    switch self {
    case .disable, .disableRegion: true
    default: false
    }
  }
}

/// A recovery whose record is in the journal, or in memory alone if the journal cannot keep it.
private final class BestEffortRecovery: PlanRecovery {
  private(set) var chosen: ChangeRecovery
  private let fallback: ChangeRecovery

  init(_ first: ChangeRecovery, else fallback: ChangeRecovery) {
    chosen = first
    self.fallback = fallback
  }

  func begin() throws(DeviceError) {
    do throws(DeviceError) { try chosen.begin() } catch {
      try? chosen.forget()
      chosen = fallback
      try chosen.begin()
    }
  }

  func willOverwrite() throws(DeviceError) { try chosen.willOverwrite() }
  func didPerform(_ step: Step) { chosen.didPerform(step) }
  func restore() -> [String] { chosen.restore() }
}
