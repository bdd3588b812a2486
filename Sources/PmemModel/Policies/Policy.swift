package import PmemDevice

/// A decision with alternatives: each is a question that kernel developers argued over.
public enum Policy: String, CaseIterable, Hashable, Sendable {
  /// Whether a driver may sleep in ->direct_access.
  case directAccess = "direct-access"
  /// The effect of stopping a device's queue on mappings of the device.
  case queueFreeze = "queue-freeze"
  /// The effect of freezing a filesystem on mappings of its files.
  case filesystemFreeze = "filesystem-freeze"
  /// The behaviour of truncate if pages of the range are pinned.
  case truncate
  /// Whether a file's pages can be pinned without a time limit.
  case longTerm = "long-term"
  /// The treatment of mappings and pins when a device is removed.
  case teardown
  /// The treatment of a pinned page by writeback.
  case writeback
  /// The test for a pinned page.
  case pinDetection = "pin-detection"
  /// The effect of a reference to a page on the device that created the page.
  case pageReference = "page-reference"

  /// The alternatives.
  public var choices: [String] { PolicyCatalog.choices(of: self).map(\.name) }
}

/// The choices made on a machine; without a choice, its kernel's behaviour applies.
package struct PolicyChoices: Hashable, Sendable {
  package private(set) var chosen: [Policy: String] = [:]

  /// - Throws: ``KernelRefusal`` for what is no choice.
  package mutating func choose(_ policy: Policy, _ choice: String?) throws(KernelRefusal) {
    if let choice, !policy.choices.contains(choice) {
      throw KernelRefusal(22, "\(policy.rawValue) is one of \(policy.choices.joined(separator: ", "))")
    }
    chosen[policy] = choice
  }
}
