import PmemDevice
import PmemOutput

/// Waits for what a device does by itself: asks again, and holds nothing between.
struct Waiting {
  private let context: CommandContext
  private let line: ProgressLine
  private let what: String
  private let timeout: UInt64?

  /// Seconds between two questions.
  private static let interval = 1.0

  /// - Parameters:
  ///   - context: Its clock and its pauses.
  ///   - progress: Whether the time is shown.
  ///   - what: `waiting for the scrub`.
  ///   - timeout: Seconds; nil for no end.
  init(_ context: CommandContext, _ progress: ProgressOptions, what: String, timeout: UInt64?) {
    self.context = context
    self.what = what
    self.timeout = timeout
    line = context.line(progress, what, unit: "s")
  }

  /// - Parameter look: Asks; nil for "not yet".
  /// - Returns: The first answer.
  /// - Throws: ``DeviceError/Code/failed`` after the timeout, and what `look` throws.
  func until<Answer>(_ look: () throws -> Answer?) throws -> Answer {
    defer { line.end() }
    let start = context.now()
    while true {
      if let answer = try look() { return answer }
      let now = context.now()
      let waited = now - min(start, now)
      if let timeout, waited >= timeout {
        throw DeviceError(
          .failed, "gave up \(what) after \(counted(timeout, "second"))",
          details: ["it goes on without being waited for"], errno: 110)
      }
      line.update(waited, of: nil)
      guard context.pause(Self.interval) else {
        throw DeviceError(.interrupted, "stopped \(what)", details: ["it goes on without being waited for"])
      }
    }
  }
}
