import PmemDevice

/// Performs the steps of ``Restoration`` until nothing is left to do.
struct Restorer {
  let target: MachineState
  let scope: ChangeScope
  let backend: any CommandContext.Backend
  /// As in ``Restoration``.
  var restoresStates = true
  var removing: Set<DeviceUUID> = []

  /// Each of these may end with a step that fails; the next begins with what is there then.
  private static let attempts = 8
  /// From then on labels are written if the kernel's own steps did not give the old extents.
  private static let attemptsByKernel = 2

  /// - Returns: The differences left, or the error that stopped it, a line each; empty once everything was read back
  ///   and is as before.
  func restore() -> [String] {
    var failures: [String] = []
    for attempt in 0..<Self.attempts {
      do throws(DeviceError) {
        let entries = try steps(usesKernel: attempt < Self.attemptsByKernel)
        guard !entries.isEmpty else {
          try backend.synchronize()
          return []
        }
        failures = entries.map { "still to do: \($0.text)" }
        for entry in entries { try backend.perform(entry.step) }
      } catch {
        failures = [error.summary] + error.details
      }
    }
    do throws(DeviceError) {
      guard try steps(usesKernel: false).isEmpty else { return failures + careDifferences(failures) }
      try backend.synchronize()
      return []
    } catch {
      return failures.isEmpty ? [error.summary] : failures + careDifferences(failures)
    }
  }

  /// Those that are not among other lines; none if the machine cannot be read, which those say.
  private func careDifferences(_ lines: [String]) -> [String] {
    guard let inventory = try? backend.inventory(.listing) else { return [] }
    return Restoration(
      target: target, scope: scope, inventory: inventory, backend: backend, restoresStates: restoresStates
    ).careDifferences.filter { !lines.contains($0) }
  }

  /// The steps after which restoring can continue, if they are known.
  ///
  /// - Parameter id: Of the record to restore from.
  /// - Returns: A command that restores, behind those that have to come first.
  func suggestion(_ id: Int) -> Suggestion {
    let again = ["pmemctl", "undo", "run", "\(id)"]
    do throws(DeviceError) { _ = try steps(usesKernel: false) } catch {
      return Suggestion(error.suggestions.flatMap(\.commands) + [again])
    }
    return Suggestion([again])
  }

  private func steps(usesKernel: Bool) throws(DeviceError) -> [Plan.Entry] {
    let inventory = try backend.inventory(.planning)
    let entries = try Restoration(
      target: target, scope: scope, inventory: inventory, backend: backend, usesKernel: usesKernel,
      restoresStates: restoresStates, removing: removing
    ).steps()
    try refuseHarm(entries, inventory)
    return entries
  }

  /// Writing labels takes a region down with all that is on it; what the change did not touch may be in use.
  private func refuseHarm(_ entries: [Plan.Entry], _ inventory: Inventory) throws(DeviceError) {
    let neighbours = Self.neighbours(entries, scope, inventory)
    guard !neighbours.isEmpty else { return }
    _ = try NamespaceStatePlanner(inventory, inspector: backend, contents: nil).refuseLoss(
      neighbours, verb: "disable")
  }

  /// Enabled namespaces that steps disable, and that are not the change's own.
  static func neighbours(_ entries: [Plan.Entry], _ scope: ChangeScope, _ inventory: Inventory) -> [Namespace]
  {
    inventory.namespaces.filter { namespace in
      guard namespace.isEnabled, !scope.contains(namespace) else { return false }
      return entries.contains { $0.step == .disable(namespace: namespace.dev) }
    }
  }
}
