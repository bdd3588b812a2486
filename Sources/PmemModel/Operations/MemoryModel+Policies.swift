package import PmemDevice

/// The choices of ``PolicyCatalog`` in force.
extension MemoryModel {
  package var policies: PolicyView { PolicyView(chosen: state.policies, rules: rules) }

  /// Chooses, and wakes every operation that waits under the old choice and not under the new.
  package mutating func choose(_ policy: Policy, _ choice: String?) throws(KernelRefusal) {
    try state.policies.choose(policy, choice)
    if policy == .pageReference { countDeviceReferences() }
    reclaimAndWake()
  }
}
