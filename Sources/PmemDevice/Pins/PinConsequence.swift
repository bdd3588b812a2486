/// The effect of an operation on pages that have references, on a given kernel.
public struct PinConsequence: Hashable, Sendable {
  /// The operation.
  public enum Operation: String, CaseIterable, Hashable, Sendable {
    case truncate
    /// Punching a hole into the file.
    case punch
    /// Removing its last name.
    case unlink
    case unmount
    /// Disabling the namespace, after unmounting.
    case disable
  }

  /// The kernel's behaviour.
  public enum Outcome: String, Hashable, Sendable {
    /// Waits until the references are released; a signal ends the wait.
    case waits
    /// Waits until then, and cannot be killed.
    case waitsUnkillably = "waits-unkillably"
    /// EBUSY.
    case refused
    /// Proceeds as if there were no references.
    case proceeds
    /// The blocks are freed, and given to other files, while hardware may still write into them.
    case corrupts
    /// The kernel oopses when the references are released.
    case crash
  }

  public var operation: Operation
  public var outcome: Outcome

  /// The effect of a range's references on each operation on it.
  ///
  /// - Parameters:
  ///   - mode: Of the namespace.
  ///   - rules: The kernel's.
  ///   - isMapped: Whether some process maps the file: until 6.14 only then truncate looks for references.
  /// - Returns: For each operation that there is.
  public static func all(_ mode: NamespaceMode, _ rules: KernelRules, isMapped: Bool) -> [PinConsequence] {
    let teardown: Outcome = rules.pinnedTeardown == .crash ? .crash : .waits
    let disable = PinConsequence(operation: .disable, outcome: teardown)
    guard mode == .fsdax else { return [disable] }
    guard rules.truncateWaitsForPins else {
      return [
        // fs/dax.c:dax_layout_busy_page_range returns at once if nothing is mapped.
        PinConsequence(operation: .truncate, outcome: isMapped ? .waits : .corrupts),
        PinConsequence(operation: .punch, outcome: isMapped ? .waits : .corrupts),
        PinConsequence(operation: .unlink, outcome: .corrupts),
        PinConsequence(operation: .unmount, outcome: isMapped ? .refused : .proceeds),
        disable,
      ]
    }
    return [
      PinConsequence(operation: .truncate, outcome: .waits),
      PinConsequence(operation: .punch, outcome: .waits),
      // fs/dax.c:dax_break_layout_final, from the eviction of the inode.
      PinConsequence(operation: .unlink, outcome: .waitsUnkillably),
      PinConsequence(operation: .unmount, outcome: .refused),
      disable,
    ]
  }
}
