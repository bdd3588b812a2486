/// A failed operation, described so that a person can act on it.
///
/// Every layer throws this one type; text is made of it once, at the edge (`ErrorRendering`).
public struct DeviceError: Error, Hashable, Sendable {
  /// The class of the failure. Decides the exit status (the table in pmemctl(8)).
  public enum Code: String, CaseIterable, Sendable {
    /// The operation failed, or cannot be done as asked.
    case failed
    /// The object does not exist.
    case notFound = "not-found"
    /// A name that matches several objects.
    case ambiguous
    /// Refused because someone would be hurt or something lost.
    case refused
    /// Not permitted, usually not root.
    case permission
    /// Not supported by this kernel, device or build.
    case unsupported
    /// The command line asks for something that has no meaning.
    case usage
    /// A signal asked it to stop.
    case interrupted
    /// Input (a file, a simulated machine, the media) is damaged or foreign.
    case corrupt

    /// Maps an error number of the kernel (Linux, all architectures that have libnvdimm). EBUSY is a failure like
    /// others: planners refuse to touch devices in use before anything is tried.
    public init(errno: Int32) {
      self =
        switch errno {
        case 1, 13: .permission  // EPERM, EACCES
        case 95: .unsupported  // EOPNOTSUPP
        default: .failed
        }
    }
  }

  public var code: Code
  /// One sentence: what failed, on which object, and why. No trailing full stop.
  public var summary: String
  /// Further lines: numbers, candidates, the library's or the kernel's own words.
  public var details: [String]
  /// Commands that would work or lead on.
  public var suggestions: [Suggestion]
  /// The system's error number, if there is one.
  public var errno: Int32?

  public init(
    _ code: Code, _ summary: String, details: [String] = [], try suggestions: [Suggestion] = [],
    errno: Int32? = nil
  ) {
    self.code = code
    self.summary = summary
    self.details = details
    self.suggestions = suggestions
    self.errno = errno
  }

  /// The same error with lines added behind its details.
  public func adding(details more: [String]) -> DeviceError {
    var copy = self
    copy.details += more
    return copy
  }
}

extension DeviceError: CustomStringConvertible {
  public var description: String { summary }
}
