/// A part of a machine that could not be inspected: it may hold a user. Reports name each, guards treat it as a user.
public struct Unseen: Hashable, Sendable {
  /// The part that was searched for.
  public enum Part: String, CaseIterable, Hashable, Sendable {
    /// Processes: their mappings and open files.
    case processes
    /// Mounts in other mount namespaces.
    case mounts
    /// The kernel's own count of opens of a device, whoever holds them.
    case opens
    /// References to pages: memory that is pinned for DMA.
    case pins
    /// Memory blocks: whether what a device has lent to the kernel is online.
    case memory
  }

  public var part: Part
  /// In words, a sentence without its full stop: what could not be determined, and why.
  public var reason: String
  /// The change that would make it visible; nil if none is known.
  public var remedy: String?
  /// The namespaces that it is about; empty for all.
  public var namespaces: [String]
  /// Whether a user could be there that nothing else would show: a guard then refuses.
  public var isDecisive: Bool

  /// - Parameters:
  ///   - part: The part that was searched for.
  ///   - reason: What could not be determined, and why.
  ///   - remedy: The change that would make it visible.
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
  /// - Returns: The missing permissions.
  public static func hidden(processes count: Int) -> Unseen {
    Unseen(
      .processes, "\(counted(count, "process", plural: "processes")) could not be inspected",
      remedy: "only root sees those of others")
  }

  /// The reason and what helps, in a line.
  public var text: String { reason + (remedy.map { ": \($0)" } ?? "") }
}
