package import PmemDevice

/// What can be decided in one way or another: each is a question that kernel developers argued over.
public enum Policy: String, CaseIterable, Hashable, Sendable {
  /// Whether a driver may sleep in ->direct_access.
  case directAccess = "direct-access"
  /// What stopping a device's queue does to mappings of the device.
  case queueFreeze = "queue-freeze"
  /// What freezing a filesystem does to mappings of its files.
  case filesystemFreeze = "filesystem-freeze"
  /// What truncate does where pages of the range are pinned.
  case truncate
  /// Whether a file's pages can be pinned for as long as somebody likes.
  case longTerm = "long-term"
  /// What taking a device away does about mappings and pins.
  case teardown
  /// What writeback does with a page that is pinned.
  case writeback
  /// How a pinned page is told from others.
  case pinDetection = "pin-detection"
  /// What a reference to a page does to the device that made the page.
  case pageReference = "page-reference"

  /// What can be chosen.
  public var choices: [String] { PolicyCatalog.choices(of: self).map(\.name) }
}

/// What was chosen on a machine; what was not is as its kernel does it.
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
