/// Reports the progress of a long operation, its rate, and the time left: one line that is rewritten in place on a
/// terminal, a new line every ten seconds elsewhere, and nothing if the operation ends soon.
public final class ProgressLine {
  private let sink: any TextSink
  private let rewrites: Bool
  private let isShown: Bool
  private let what: String
  private let unit: String
  private let clock: () -> Duration
  private let start: Duration
  private var next: Duration
  /// Columns of the line that is on the terminal.
  private var shown = 0

  /// Operations that take no longer show nothing: a second on a terminal, and for scripts as long as between two lines.
  private static let patience = (terminal: Duration.seconds(1), script: interval.script)
  private static let interval = (terminal: Duration.milliseconds(250), script: Duration.seconds(10))

  /// - Parameters:
  ///   - sink: Standard error.
  ///   - terminal: Decides between the two forms: whether standard error is one.
  ///   - isShown: Whether progress is wanted at all (`--no-progress`).
  ///   - what: `checking namespace0.0`.
  ///   - unit: The counted units, in the plural: `sectors`.
  ///   - clock: The time since any fixed moment.
  public init(
    _ sink: any TextSink, terminal: Terminal, isShown: Bool, what: String, unit: String,
    clock: @escaping () -> Duration = ProgressLine.monotonic
  ) {
    self.sink = sink
    rewrites = terminal.rewritesProgress
    self.isShown = isShown
    self.what = what.sanitized
    self.unit = unit
    self.clock = clock
    start = clock()
    next = start + (rewrites ? Self.patience.terminal : Self.patience.script)
  }

  /// The time since the program asked for it first.
  public static let monotonic: @Sendable () -> Duration = {
    let start = ContinuousClock.now
    return { ContinuousClock.now - start }
  }()

  /// Reports the progress, if a report is due. When all is done, the line is removed.
  ///
  /// - Parameters:
  ///   - done: How many units are done.
  ///   - total: Of how many; nil if that is not known.
  public func update(_ done: UInt64, of total: UInt64?) {
    guard isShown else { return }
    guard done < total ?? .max else { return end() }
    let now = clock()
    guard now >= next else { return }
    next = now + (rewrites ? Self.interval.terminal : Self.interval.script)
    let line = "pmemctl: \(what): \(state(done, total, after: now - start))"
    guard rewrites else { return write(line + "\n") }
    let cleared = String(repeating: " ", count: max(0, shown - line.count))
    shown = line.count
    write("\r" + line + cleared)
  }

  /// `37 %, 1200000 sectors/s, 12 s left`; without a total `5200000 sectors, 1200000 sectors/s`.
  private func state(_ done: UInt64, _ total: UInt64?, after elapsed: Duration) -> String {
    let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
    let rate = Double(done) / max(seconds, 0.001)
    guard let total else {
      return "\(done) \(unit)" + (rate >= 1 ? ", \(UInt64(rate)) \(unit)/s" : "")
    }
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
