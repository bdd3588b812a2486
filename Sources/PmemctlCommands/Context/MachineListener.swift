/// Reports of a machine while it works, beside its answers.
public struct MachineListener {
  /// Gets every message of the libraries, and how the kernel was asked; nil for neither.
  public var verbose: ((String) -> Void)?
  /// Begins a line of progress for one read of struct pages, and returns what gets the pages read so far, and all.
  public var readingPages: () -> (UInt64, UInt64) -> Void

  public init(
    verbose: ((String) -> Void)? = nil,
    readingPages: @escaping () -> (UInt64, UInt64) -> Void = { { _, _ in } }
  ) {
    self.verbose = verbose
    self.readingPages = readingPages
  }
}
