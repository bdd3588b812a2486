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

/// The policies of a machine; the kernel's own where none was chosen.
package struct PolicyView {
  package let chosen: PolicyChoices
  package let rules: KernelRules

  package enum DirectAccess: String { case maySleep = "may-sleep", nowait }
  package enum Truncate: String {
    case free
    case waitIfMapped = "wait-if-mapped"
    case wait
    case bounce
    case delayFree = "delay-free"
    case fail
  }
  package enum LongTerm: String {
    case refuse, allow
    case onDemand = "on-demand"
  }
  package enum Teardown: String {
    case memory
    case storageWait = "storage-wait"
    case storage
  }
  package enum Writeback: String { case write, wait, skip, bounce }
  package enum Detection: String { case exact, mapcount }
  package enum PageReference: String {
    case eachGet = "each-get"
    case eachPage = "each-page"
    case none
  }

  private func choice<Choice: RawRepresentable<String>>(_ policy: Policy, _ own: Choice) -> Choice {
    chosen.chosen[policy].flatMap(Choice.init(rawValue:)) ?? own
  }

  /// The choice in force, as ``PolicyChoices`` names it.
  package func word(_ policy: Policy) -> String {
    switch policy {
    case .directAccess: directAccess.rawValue
    case .queueFreeze: queueFreeze.rawValue
    case .filesystemFreeze: filesystemFreeze.rawValue
    case .truncate: truncate.rawValue
    case .longTerm: longTerm.rawValue
    case .teardown: teardown.rawValue
    case .writeback: writeback.rawValue
    case .pinDetection: detection.rawValue
    case .pageReference: pageReference.rawValue
    }
  }

  package var directAccess: DirectAccess { choice(.directAccess, .maySleep) }

  package var queueFreeze: FreezePolicy { choice(.queueFreeze, .none) }

  /// Dirty entries are write-protected since 4.10 (4b4bb46d00b3 "dax: clear dirty entry tags on cache flush"), before
  /// that they were not.
  package var filesystemFreeze: FreezePolicy {
    choice(.filesystemFreeze, rules.freezeProtectsDAX ? .writeProtect : .none)
  }

  /// 4.18 waits if a process maps the file (5fac7408d828 "mm, fs, dax: handle layout changes to pinned dax mappings"),
  /// 6.15 always.
  package var truncate: Truncate {
    choice(
      .truncate, rules.truncateWaitsForPins ? .wait : rules.truncateLooksForPins ? .waitIfMapped : .free)
  }

  /// Whether the eviction of an inode waits for references to its pages (fs/dax.c:dax_break_layout_final): it cannot fail.
  package var evictionWaits: Bool { truncate == .wait || truncate == .fail }

  package var longTerm: LongTerm { choice(.longTerm, rules.refusesLongTermPins ? .refuse : .allow) }

  package var teardown: Teardown {
    choice(.teardown, rules.pinnedTeardown == .crash ? .storage : .storageWait)
  }

  /// No released kernel looks whether a page is pinned before it writes it back.
  package var writeback: Writeback { choice(.writeback, .write) }

  package var detection: Detection { choice(.pinDetection, .exact) }

  package var pageReference: PageReference {
    choice(
      .pageReference,
      rules.pinnedTeardown == .crash ? .none : rules.countsDevicePerPage ? .eachPage : .eachGet)
  }
}
