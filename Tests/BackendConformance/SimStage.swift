import PmemDevice
public import PmemSim

/// The situations of a simulated machine.
final class SimStage: ConformanceStage {
  private let workload: SimWorkload

  init(_ machine: SimMachine) { workload = SimWorkload(machine) }

  func hold(_ namespace: Namespace) throws { try workload.hold(namespace.dev, by: .unseen) }

  func release(_ namespace: Namespace) throws { try workload.release(namespace.dev, by: .unseen) }

  func hide(_ part: Unseen.Part?) throws { try workload.hide(part.map { [$0] } ?? []) }

  func replaceNode(of namespace: Namespace, by node: ConformanceNode, _ other: Namespace) throws {
    switch node {
    case .file: try workload.replaceNode(of: namespace.dev, by: .file)
    case .link: try workload.replaceNode(of: namespace.dev, by: .link, other.dev)
    case .renamed: try workload.replaceNode(of: namespace.dev, by: .renamed, "/dev/moved")
    case .second: try workload.replaceNode(of: namespace.dev, by: .second, "/dev/moved")
    }
  }

  func restoreNode(of namespace: Namespace) throws { try workload.restoreNode(of: namespace.dev) }
}

extension ConformanceMachine {
  /// A simulated machine, emptied.
  public convenience init(_ machine: SimMachine) throws {
    try self.init(SimBackend(machine), stage: SimStage(machine))
  }
}
