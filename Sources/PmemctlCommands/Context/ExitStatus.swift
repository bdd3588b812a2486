import PmemDevice

/// How the program ends: the table in pmemctl(8), and nowhere else.
public enum ExitStatus: Int32, CaseIterable, Sendable {
  case done = 0
  /// The operation failed, or cannot be done as asked.
  case failed = 1
  /// A plan has changes to make.
  case changesPending = 2
  case notFound = 3
  /// Someone would be hurt, or something lost.
  case refused = 4
  case notPermitted = 5
  /// This kernel, device or build cannot.
  case notSupported = 6
  /// Stopped by a signal between two steps: 128 and the number of SIGINT, as shells say it.
  case interrupted = 130
  /// EX_USAGE of sysexits.h.
  case usage = 64
  /// EX_DATAERR of sysexits.h: a damaged or foreign file.
  case badData = 65

  init(_ code: DeviceError.Code) {
    self =
      switch code {
      case .failed, .ambiguous: .failed
      case .notFound: .notFound
      case .refused: .refused
      case .permission: .notPermitted
      case .unsupported: .notSupported
      case .usage: .usage
      case .interrupted: .interrupted
      case .corrupt: .badData
      }
  }
}
