package import PmemDevice

/// What was chosen of ``PolicyCatalog``.
extension MemoryModel {
  package var policies: PolicyView { PolicyView(chosen: state.policies, rules: rules) }

  /// Chooses, and lets everything go on that waits under the old choice and not under the new.
  package mutating func choose(_ policy: Policy, _ choice: String?) throws(KernelRefusal) {
    try state.policies.choose(policy, choice)
    if policy == .pageReference { countDeviceReferences() }
    reclaimAndWake()
  }
}
