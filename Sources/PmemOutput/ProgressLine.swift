/// How far something long is, how fast it goes and how long it will take: a line that is rewritten in place on a terminal,
/// a new line now and then elsewhere, and nothing for what is done soon.
public final class ProgressLine {
  private let sink: any TextSink
  private let isInteractive: Bool
  private let isShown: Bool
  private let what: String
  private let unit: String
  private let clock: () -> Duration
  private let start: Duration
  private var next: Duration
  /// Columns of the line that is on the terminal.
  private var shown = 0

  /// What takes no longer shows nothing.
  private static let patience = Duration.seconds(1)

  /// - Parameters:
  ///   - sink: Standard error.
  ///   - terminal: Decides between the two forms.
  ///   - isShown: false where a person asked for none.
  ///   - what: `checking namespace0.0`.
  ///   - unit: What is counted, in the plural: `sectors`.
  ///   - clock: The time since any fixed moment.
  public init(
    _ sink: any TextSink, terminal: Terminal, isShown: Bool, what: String, unit: String,
    clock: @escaping () -> Duration = ProgressLine.monotonic
  ) {
    self.sink = sink
    isInteractive = terminal.isInteractive
    self.isShown = isShown
    self.what = what.sanitized
    self.unit = unit
    self.clock = clock
    start = clock()
    next = start + Self.patience
  }

  /// The time since the program asked for it first.
  public static let monotonic: @Sendable () -> Duration = {
    let start = ContinuousClock.now
    return { ContinuousClock.now - start }
  }()

  /// Says how much of how much is done, if that is due.
  public func update(_ done: UInt64, of total: UInt64) {
    guard isShown, done < total else { return }
    let now = clock()
    guard now >= next else { return }
    next = now + (isInteractive ? .milliseconds(250) : .seconds(10))
    let line = "pmemctl: \(what): \(state(done, total, after: now - start))"
    guard isInteractive else { return write(line + "\n") }
    let cleared = String(repeating: " ", count: max(0, shown - line.count))
    shown = line.count
    write("\r" + line + cleared)
  }

  /// `37 %, 1200000 sectors/s, 12 s left`
  private func state(_ done: UInt64, _ total: UInt64, after elapsed: Duration) -> String {
    let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
    let rate = Double(done) / max(seconds, 0.001)
    let percent = Int(Double(done) / Double(total) * 100)
    guard rate >= 1 else { return "\(percent) %" }
    return "\(percent) %, \(UInt64(rate)) \(unit)/s, \(Self.words(Double(total - done) / rate)) left"
  }

  private static func words(_ seconds: Double) -> String {
    guard seconds < 360_000 else { return "days" }
    let whole = Int(seconds.rounded(.up))
    if whole < 120 { return "\(whole) s" }
    return whole < 7200 ? "\((whole + 30) / 60) min" : "\((whole + 1800) / 3600) h"
  }

  private func write(_ text: String) { try? sink.write(text) }

  /// Removes the line from the terminal.
  public func end() {
    guard shown > 0 else { return }
    write("\r" + String(repeating: " ", count: shown) + "\r")
    shown = 0
  }
}
