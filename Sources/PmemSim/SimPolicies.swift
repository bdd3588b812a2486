import PmemDevice

/// What can be decided in one way or another: each is a question that kernel developers argued over.
public enum SimPolicy: String, CaseIterable, Hashable, Sendable {
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
  public var choices: [String] { SimPolicyCatalog.choices(of: self).map(\.name) }
}

/// What was chosen on a machine; what was not is as its kernel does it.
struct SimPolicies: Hashable {
  private(set) var chosen: [SimPolicy: String] = [:]

  /// - Throws: ``SimFault`` for what is no choice.
  mutating func choose(_ policy: SimPolicy, _ choice: String?) throws {
    if let choice, !policy.choices.contains(choice) {
      throw SimFault(22, "\(policy.rawValue) is one of \(policy.choices.joined(separator: ", "))")
    }
    chosen[policy] = choice
  }
}

/// The policies of a machine, each as its kernel has it where nobody chose.
struct SimPolicyView {
  let chosen: SimPolicies
  let rules: KernelRules

  enum DirectAccess: String { case maySleep = "may-sleep", nowait }
  enum Truncate: String {
    case free
    case waitIfMapped = "wait-if-mapped"
    case wait
    case bounce
    case delayFree = "delay-free"
  }
  enum LongTerm: String { case refuse, allow }
  enum Teardown: String {
    case memory
    case storageWait = "storage-wait"
    case storage
  }
  enum Writeback: String { case write, wait, skip, bounce }
  enum Detection: String { case exact, mapcount }
  enum PageReference: String {
    case eachGet = "each-get"
    case eachPage = "each-page"
    case none
  }

  private func choice<Choice: RawRepresentable<String>>(_ policy: SimPolicy, _ own: Choice) -> Choice {
    chosen.chosen[policy].flatMap(Choice.init(rawValue:)) ?? own
  }

  /// What is in force, as ``SimPolicies`` names it.
  func word(_ policy: SimPolicy) -> String {
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

  var directAccess: DirectAccess { choice(.directAccess, .maySleep) }

  var queueFreeze: SimFreezePolicy { choice(.queueFreeze, .none) }

  /// Dirty entries are write-protected since 4.10 (4b4bb46d00b3 "dax: clear dirty entry tags on cache flush"), before
  /// that they were not.
  var filesystemFreeze: SimFreezePolicy {
    choice(.filesystemFreeze, rules.freezeProtectsDAX ? .writeProtect : .none)
  }

  /// 4.18 waits where a process maps the file (5fac7408d828 "mm, fs, dax: handle layout changes to pinned dax mappings"),
  /// 6.15 always.
  var truncate: Truncate {
    choice(
      .truncate, rules.truncateWaitsForPins ? .wait : rules.truncateLooksForPins ? .waitIfMapped : .free)
  }

  var longTerm: LongTerm { choice(.longTerm, rules.refusesLongTermPins ? .refuse : .allow) }

  var teardown: Teardown { choice(.teardown, rules.pinnedTeardown == .crash ? .storage : .storageWait) }

  /// No released kernel looks whether a page is pinned before it writes it back.
  var writeback: Writeback { choice(.writeback, .write) }

  var detection: Detection { choice(.pinDetection, .exact) }

  var pageReference: PageReference {
    choice(
      .pageReference,
      rules.pinnedTeardown == .crash ? .none : rules.countsDevicePerPage ? .eachPage : .eachGet)
  }
}

extension SimKernel {
  var policies: SimPolicyView { SimPolicyView(chosen: memory.policies, rules: topology.profile.rules) }

  /// Chooses, and lets everything go on that waits under the old choice and not under the new.
  func choose(_ policy: SimPolicy, _ choice: String?) throws {
    try memory.policies.choose(policy, choice)
    if policy == .pageReference { countDeviceReferences() }
    settle()
  }
}
