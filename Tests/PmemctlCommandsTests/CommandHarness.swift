import Foundation
import PmemDevice
import PmemOutput
import PmemctlCommands
import SystemPackage
import TestSupport
import Testing

/// Swift Testing has an ExitStatus of its own.
typealias Status = PmemctlCommands.ExitStatus

/// What a command line gave.
struct Answer {
  let status: Status
  let out: String
  let err: String
}

/// Runs command lines through the real parser, on a simulated machine in a directory of its own. The real kernel
/// cannot be reached: trying to is a failure.
final class CommandHarness {
  private let directory: TemporaryDirectory
  let machine: String
  var answer: String?
  /// What happens on the machine while a person thinks about a question.
  var whileAsked: () throws -> Void = {}
  /// Command lines that are run while another one watches, one a round; it ends behind the last.
  var rounds: [String] = []
  /// Taken for the real kernel instead of the simulated machine, where there is one.
  var kernel: (any CommandContext.Backend)?

  init() throws {
    directory = try TemporaryDirectory()
    machine = directory.path + "/machine"
  }

  /// The machine that most tests work on: two DIMMs with labels, one without, an e820 range.
  static func standard() throws -> CommandHarness {
    let harness = try CommandHarness()
    let made = harness.run(
      [
        "sim", "create", harness.machine, "--dimm", "2GiB", "--dimm", "4GiB,node=1", "--dimm",
        "1GiB,labels=none", "--e820", "256MiB",
      ])
    #expect(made.status == .done, "\(made.err)")
    return harness
  }

  @discardableResult
  func run(_ arguments: [String], interactive: Bool = false, unicode: Bool = true, width: Int = 80) -> Answer
  {
    let out = MemorySink()
    let err = MemorySink()
    let answer = answer
    let context = CommandContext(
      out: out, err: err, terminal: Terminal(isInteractive: interactive, width: width, isUnicode: unicode),
      environment: kernel == nil ? ["PMEMCTL_SIM": machine] : [:],
      readAnswer: {
        do { try self.whileAsked() } catch { Issue.record(error) }
        return answer
      },
      pause: { _ in
        guard !self.rounds.isEmpty else { return false }
        let answer = self.run(self.rounds.removeFirst())
        #expect(answer.status == .done, "\(answer.err)")
        return true
      },
      // The first second of 2026.
      now: { 1_767_225_600 }, stateDirectory: FilePath(directory.path + "/state"),
      openKernel: { _ throws(DeviceError) in
        guard let kernel = self.kernel else {
          throw DeviceError(.failed, "a test reached for the real kernel")
        }
        return kernel
      })
    let status = Pmemctl.run(arguments, in: context)
    SuggestedCommands.check(out.text + "\n" + err.text)
    CheckedJSON.check(arguments, status, out: out.text, err: err.text)
    return Answer(status: status, out: normalized(out.text), err: normalized(err.text))
  }

  @discardableResult
  func run(_ line: String) -> Answer { run(line.split(separator: " ").map(String.init)) }

  /// Makes the journal that was kept for ``kernel`` the simulated machine's.
  func adoptJournal() {
    guard FileManager.default.fileExists(atPath: directory.path + "/state/undo") else { return }
    try? FileManager.default.removeItem(atPath: machine + "/undo")
    try? FileManager.default.moveItem(atPath: directory.path + "/state/undo", toPath: machine + "/undo")
  }

  /// The text with the machine's place taken out.
  private func normalized(_ text: String) -> String {
    text.replacingOccurrences(of: machine, with: "MACHINE")
  }
}

/// Text that is compared with a file under Golden/.
///
/// RECORD_GOLDEN=1 rewrites the files, and fails so that a recording never passes for a test.
func expectGolden(_ text: String, _ name: String, _ location: SourceLocation = #_sourceLocation) throws {
  let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")
  let file = directory.appendingPathComponent(name)
  if ProcessInfo.processInfo.environment["RECORD_GOLDEN"] != nil {
    try Data(text.utf8).write(to: file)
    Issue.record("recorded \(name)", sourceLocation: location)
    return
  }
  let expected = try String(contentsOf: file, encoding: .utf8)
  #expect(text == expected, "differs from Golden/\(name)", sourceLocation: location)
}

extension String {
  /// Random UUIDs, numbered in the order in which they appear.
  var withoutUUIDs: String {
    var result = self
    var seen: [String] = []
    let pattern = #/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/#
    for match in matches(of: pattern).map({ String($0.output) }) where !seen.contains(match) {
      seen.append(match)
      result = result.replacingOccurrences(of: match, with: "UUID-\(seen.count)")
    }
    return result
  }
}
