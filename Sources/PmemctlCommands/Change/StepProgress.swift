import PmemDevice
import PmemOutput

/// Reports the steps of a plan while they are performed: each one on a terminal, or how many of many; without a terminal only
/// those that take long.
final class StepProgress {
  private let plan: Plan
  private let inventory: Inventory
  private let options: ProgressOptions
  private let context: CommandContext
  private let line: ProgressLine
  private var begun = 0

  /// Plans of more steps do not show each one.
  private static let mostShown = 20

  /// - Parameters:
  ///   - plan: Whose steps.
  ///   - inventory: That it was made from.
  ///   - options: Whether progress is wanted.
  ///   - context: The destination.
  init(_ plan: Plan, _ inventory: Inventory, _ options: ProgressOptions, _ context: CommandContext) {
    self.plan = plan
    self.inventory = inventory
    self.options = options
    self.context = context
    line = context.line(options, plan.title, unit: "steps")
  }

  /// Called before each step.
  func willPerform(_ entry: Plan.Entry) {
    defer { begun += 1 }
    guard options.isShown else { return }
    let isEachShown = context.terminal.rewritesProgress && plan.entries.count <= Self.mostShown
    if isEachShown || isLong(entry) {
      line.end()
      context.note(entry.text)
    } else {
      line.update(UInt64(begun), of: UInt64(plan.entries.count))
    }
  }

  /// Removes the line from the terminal.
  func end() { line.end() }

  /// Whether a step takes so long that it is reported without a terminal too: a DIMM verifies an image for seconds to
  /// minutes, the kernel initializes the memory map of what it enables, some seconds for each 100 GiB.
  private func isLong(_ entry: Plan.Entry) -> Bool {
    if case .firmware(_, .stage) = entry.step { return true }
    guard case .enable(let name) = entry.step else { return false }
    let existing = inventory.namespaces.first { $0.dev == name }?.rawSize ?? .zero
    let allocated = plan.entries.compactMap { entry -> ByteCount? in
      guard case .allocate(let allocation) = entry.step, allocation.namespace == name else { return nil }
      return allocation.size
    }
    return max(existing, allocated.max() ?? .zero) >= .gibibytes(64)
  }
}
