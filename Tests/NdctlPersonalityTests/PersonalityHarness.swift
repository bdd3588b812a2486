import PmemDevice
import PmemOutput
import PmemctlCommands
import SystemPackage
import TestSupport
import Testing

@testable import NdctlPersonality

/// Runs command lines of ndctl, daxctl and pmemctl on a simulated machine.
final class PersonalityHarness {
  private let directory: TemporaryDirectory
  var environment: [String: String] = [:]
  /// Command lines for the pauses of a command that watches, one for each; it ends when there are no more.
  var meanwhile: [String] = []

  /// What a command line gave.
  struct Answer {
    let status: Int32
    let out: String
    let err: String
  }

  init(_ dimms: String = "--dimm 2GiB --dimm 4GiB --dimm 1GiB,labels=none --e820 256MiB") throws {
    directory = try TemporaryDirectory()
    let made = run("pmemctl sim create \(machine) \(dimms)")
    #expect(made.status == 0, "\(made.err)")
  }

  var path: String { directory.path }
  private var machine: String { directory.path + "/machine" }

  @discardableResult
  func run(_ line: String) -> Answer {
    let words = line.split(separator: " ").map(String.init)
    let out = MemorySink()
    let err = MemorySink()
    let context = CommandContext(
      out: out, err: err, terminal: Terminal(isInteractive: false, width: 80, isUnicode: true),
      environment: environment.merging(["PMEMCTL_SIM": machine]) { first, _ in first }, readAnswer: { nil },
      pause: { _ in
        guard !self.meanwhile.isEmpty else { return false }
        self.run(self.meanwhile.removeFirst())
        return true
      },
      now: { 1_767_225_600 }, stateDirectory: FilePath(directory.path + "/state"),
      openKernel: { _ throws(DeviceError) in throw DeviceError(.failed, "a test reached for the real kernel")
      })
    let arguments = Array(words.dropFirst())
    let status =
      NdctlPersonality(program: words[0], arguments: arguments)?.run(in: context)
      ?? Pmemctl.run(arguments, in: context).rawValue
    return Answer(status: status, out: out.text, err: err.text)
  }
}
