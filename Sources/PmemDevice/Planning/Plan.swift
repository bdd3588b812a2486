/// A planned change: its steps in order, and how they are rolled back.
///
/// Made by pure functions from a request and an ``Inventory``; `--dry-run` prints it, ``PlanRunner`` runs it.
public struct Plan: Hashable, Sendable {
  /// A step and its description.
  public struct Entry: Hashable, Sendable {
    public var step: Step
    /// The step in words: `allocate 512 MiB from region0 as namespace0.3 "cache"`.
    public var text: String
    /// The content that is lost for good once it ran, in words; nil if none is.
    public var loses: String?

    public init(_ step: Step, _ text: String, loses: String? = nil) {
      self.step = step
      self.text = text
      self.loses = loses
    }
  }

  /// `create a namespace on region0 (best fit of 2 regions with room)`.
  public var title: String
  public var facts: [Fact]
  public var entries: [Entry]
  public var warnings: [String]
  /// The data saved before the first step that overwrites anything, so that the plan can be undone.
  public var saves: [SavedPart]
  /// Whether it is destructive: confirmed on a terminal.
  public var isDestructive: Bool
  /// Whether it harms users, as was asked for: without a terminal it must be confirmed by a flag.
  public var harmsUsers: Bool

  public init(
    title: String, facts: [Fact] = [], entries: [Entry], warnings: [String] = [], saves: [SavedPart] = [],
    isDestructive: Bool = false, harmsUsers: Bool = false
  ) {
    self.title = title
    self.facts = facts
    self.entries = entries
    self.warnings = warnings
    self.saves = saves
    self.isDestructive = isDestructive
    self.harmsUsers = harmsUsers
  }

  /// A line of the plan: a label, a value and an explanation.
  public struct Fact: Hashable, Sendable {
    public var label: String
    public var value: String
    public var note: String

    public init(_ label: String, _ value: String, _ note: String = "") {
      self.label = label
      self.value = value
      self.note = note
    }
  }
}
