/// A condition that must always hold, under every policy and in every order of events.
public enum Invariant: String, CaseIterable, Hashable, Sendable {
  /// Blocks that hardware may write to are free for others.
  case freedUnderPin = "block-freed-under-pin"
  /// Blocks that hardware may write to are another file's.
  case givenAwayUnderPin = "block-given-away-under-pin"
  /// Hardware wrote into a file that it was not told to write to.
  case foreignWrite = "foreign-write"
  /// Hardware read, and sent, data of a file that it was not told to read.
  case foreignRead = "foreign-read"
  /// A store, or a write, that was acknowledged is lost.
  case lostStore = "lost-store"
  /// A reader got what was there before a store that was done already.
  case staleRead = "stale-read"
  /// Something was stored while what it was stored to was frozen.
  case storeWhileFrozen = "store-while-frozen"
  /// A page table entry leads to what is not the mapping's.
  case strayEntry = "stray-page-table-entry"
  /// Two files have the same block.
  case sharedBlock = "block-of-two-files"
  /// Processes wait for each other, or one for itself.
  case deadlock
  /// A process waits for an event that no process can cause any more.
  case endlessWait = "endless-wait"
  /// Counters of pages differ from the references that were taken.
  case miscounted = "reference-leak"
  /// The pages of a device were freed while they were referenced.
  case teardownWithReferences = "teardown-with-references"
  /// A reference was released, or a page used, after its page was freed.
  case useAfterFree = "use-after-free"
  /// A task slept in atomic context.
  case sleepInAtomic = "sleep-in-atomic-context"
  /// I/O failed because memory was short at the moment.
  case spuriousFailure = "io-failure-under-pressure"
  /// fsync returned, and the data are not on the media.
  case fsyncNotDurable = "sync-without-durability"
  /// A page became dirty without the filesystem being asked.
  case dirtiedBehind = "dirtied-behind-filesystem"
  /// A page was taken for pinned that was not.
  case falsePin = "false-pin"
}

/// That it was, once.
public struct Violation: Hashable, Sendable {
  public let invariant: Invariant
  /// The subject and the violation, in a sentence.
  public let text: String
  /// The subject: a file and its range, a process, a device. A violation of the same invariant by the same subject is
  /// the same violation.
  public let subject: String

  /// - Parameters:
  ///   - invariant: The violated invariant.
  ///   - text: A sentence.
  ///   - subject: Its subject; nil: the sentence.
  package init(_ invariant: Invariant, _ text: String, of subject: String? = nil) {
    self.invariant = invariant
    self.text = text
    self.subject = subject ?? text
  }

  /// The identity of a violation.
  public struct Key: Hashable, Comparable, Sendable {
    public let invariant: Invariant
    public let subject: String

    public init(invariant: Invariant, subject: String) {
      self.invariant = invariant
      self.subject = subject
    }

    public static func < (left: Key, right: Key) -> Bool {
      (left.invariant.rawValue, left.subject) < (right.invariant.rawValue, right.subject)
    }
  }

  public var key: Key { Key(invariant: invariant, subject: subject) }
}
