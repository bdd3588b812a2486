import PmemOutput
import Testing

@Suite struct ProgressLineTests {
  /// Updates once a tenth of a second of a clock of its own, and what is written.
  private func written(seconds: UInt64, isInteractive: Bool, isShown: Bool = true) -> String {
    let sink = MemorySink()
    var now = Duration.seconds(100)
    let line = ProgressLine(
      sink, terminal: Terminal(isInteractive: isInteractive, width: 80, isUnicode: true), isShown: isShown,
      what: "checking n", unit: "sectors", clock: { now })
    for tenth in 0...seconds * 10 {
      line.update(tenth * 50, of: seconds * 500)
      now += .milliseconds(100)
    }
    line.end()
    return sink.text
  }

  @Test func whatIsDoneSoonShowsNothing() {
    #expect(written(seconds: 1, isInteractive: true) == "")
    #expect(written(seconds: 10, isInteractive: false) == "")
  }

  @Test func aScriptGetsALineNowAndThen() {
    #expect(
      written(seconds: 25, isInteractive: false) == """
        pmemctl: checking n: 40 %, 500 sectors/s, 15 s left
        pmemctl: checking n: 80 %, 500 sectors/s, 5 s left

        """)
    #expect(written(seconds: 6000, isInteractive: false).contains("500 sectors/s, 100 min left"))
    #expect(written(seconds: 60000, isInteractive: false).contains("500 sectors/s, 17 h left"))
  }

  @Test func aTerminalGetsOneLineThatIsGoneAtTheEnd() {
    let text = written(seconds: 30, isInteractive: true)
    #expect(!text.contains("\n"))
    #expect(text.contains("\rpmemctl: checking n: 50 %, 500 sectors/s, 15 s left"))
    // Each is rewritten to its end, and the last cleared.
    var columns = 0
    for line in text.split(separator: "\r", omittingEmptySubsequences: false).dropFirst() {
      #expect(line.isEmpty || line.count >= columns)
      columns = line.reversed().drop { $0 == " " }.count
    }
    #expect(columns == 0)
  }

  @Test func withoutATotalTheCountAndTheRateAreReported() {
    let sink = MemorySink()
    var now = Duration.zero
    let line = ProgressLine(
      sink, terminal: Terminal(isInteractive: false, width: 80, isUnicode: true), isShown: true,
      what: "exploring s.pmem", unit: "states", clock: { now })
    line.update(0, of: nil)
    now = .seconds(20)
    line.update(5000, of: nil)
    #expect(sink.text == "pmemctl: exploring s.pmem: 5000 states, 250 states/s\n")
  }

  @Test func nothingIsShownWhereItIsNotWanted() {
    #expect(written(seconds: 30, isInteractive: true, isShown: false) == "")
  }
}
