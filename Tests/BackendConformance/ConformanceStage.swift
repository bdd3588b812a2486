public import PmemDevice

/// Puts a machine into situations that no step of a backend makes, and ends them again.
public protocol ConformanceStage: AnyObject {
  /// Opens a namespace's device so that no process has a descriptor of it.
  func hold(_ namespace: Namespace) throws

  /// Closes what ``hold(_:)`` opened.
  func release(_ namespace: Namespace) throws

  /// Hides a part of the machine from inspection: processes, or how often devices are open.
  ///
  /// - Parameter part: nil: nothing is hidden any more.
  /// - Throws: If the machine cannot be put into it, or cannot leave it.
  func hide(_ part: Unseen.Part?) throws

  /// Makes the node of a namespace's block device something else.
  ///
  /// - Parameters:
  ///   - namespace: Whose.
  ///   - node: What it becomes.
  ///   - other: An enabled namespace that a link leads to.
  /// - Throws: If the node cannot be replaced.
  func replaceNode(of namespace: Namespace, by node: ConformanceNode, _ other: Namespace) throws

  /// Undoes that.
  func restoreNode(of namespace: Namespace) throws
}

/// What can be at the name of a device, under /dev, or beside it.
public enum ConformanceNode: String, CaseIterable, Sendable {
  /// A regular file in its place.
  case file
  /// A symbolic link in its place.
  case link
  /// Nothing: it has another path.
  case renamed
  /// Itself, and another one at another path.
  case second
}
