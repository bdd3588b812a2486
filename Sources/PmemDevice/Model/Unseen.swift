/// A part of a machine that could not be looked at: what is there may be in use. Reports name each, guards treat it as a
/// user.
public struct Unseen: Hashable, Sendable {
  /// What was looked for.
  public enum Part: String, CaseIterable, Hashable, Sendable {
    /// Processes: what they map and have open.
    case processes
    /// What is mounted in mount namespaces other than one's own.
    case mounts
    /// How often the kernel has a device open, whoever it is for.
    case opens
    /// References to pages: memory that is pinned for DMA.
    case pins
    /// Memory blocks: whether what a device has lent to the kernel is online.
    case memory
  }

  public var part: Part
  /// In words, as a sentence without its point: what could not be found out, and why.
  public var reason: String
  /// What would make it seen; nil where nothing is known.
  public var remedy: String?
  /// The namespaces that it is about; empty for all.
  public var namespaces: [String]
  /// Whether something may be there that nothing else would show: a guard does not go on then.
  public var isDecisive: Bool

  /// - Parameters:
  ///   - part: What was looked for.
  ///   - reason: What could not be found out, and why.
  ///   - remedy: What would make it seen.
  ///   - namespaces: That it is about; empty for all.
  ///   - isDecisive: Whether a user may be there that nothing else shows.
  public init(
    _ part: Part, _ reason: String, remedy: String? = nil, of namespaces: [String] = [],
    isDecisive: Bool = false
  ) {
    self.part = part
    self.reason = reason
    self.remedy = remedy
    self.namespaces = namespaces
    self.isDecisive = isDecisive
  }

  /// Processes that may not be looked at.
  ///
  /// - Parameter count: How many, at least 1.
  /// - Returns: What is missing for that.
  public static func hidden(processes count: Int) -> Unseen {
    Unseen(
      .processes, "\(count) process\(count == 1 ? "" : "es") could not be looked at",
      remedy: "only root sees those of others")
  }

  /// The reason and what helps, in a line.
  public var text: String { reason + (remedy.map { ": \($0)" } ?? "") }
}
