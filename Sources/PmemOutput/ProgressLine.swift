/// How far something long is: rewritten in place on a terminal, a line every quarter elsewhere, and nothing for what is
/// over soon.
public final class ProgressLine {
  private let sink: any TextSink
  private let isInteractive: Bool
  private let isShown: Bool
  private let what: String
  private var last: UInt64?

  /// Less than so many units are over before anybody could read of them.
  private static let soon: UInt64 = 4 << 20

  /// - Parameters:
  ///   - sink: Standard error.
  ///   - terminal: Decides between the two forms.
  ///   - isShown: false where a person asked for none.
  ///   - what: `checking namespace0.0`.
  public init(_ sink: any TextSink, terminal: Terminal, isShown: Bool, what: String) {
    self.sink = sink
    isInteractive = terminal.isInteractive
    self.isShown = isShown
    self.what = what.sanitized
  }

  /// Says how much of how much is done.
  public func update(_ done: UInt64, of total: UInt64) {
    guard isShown, total >= Self.soon else { return }
    let percent = done / (total / 100 + 1)
    let step: UInt64 = isInteractive ? 1 : 25
    guard percent / step != (last ?? 0) / step else { return }
    last = percent
    try? sink.write(isInteractive ? "\rpmemctl: \(what): \(percent) %" : "pmemctl: \(what): \(percent) %\n")
  }

  /// Takes the line away.
  public func end() {
    guard isInteractive, last != nil else { return }
    try? sink.write("\r" + String(repeating: " ", count: what.count + 20) + "\r")
  }
}
