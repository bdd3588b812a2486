import Foundation
import PmemDevice
import PmemOutput
import SystemPackage
import TestSupport
import Testing

@testable import PmemctlCommands

/// Changes of one host take turns.
struct HostLockTests {
  private let directory: TemporaryDirectory
  private var state: FilePath { FilePath(directory.path + "/a/state") }

  init() throws { directory = try TemporaryDirectory() }

  private func failure(_ body: () throws(DeviceError) -> Void) -> DeviceError? {
    do throws(DeviceError) { try body() } catch { return error }
    return nil
  }

  @Test func namesTheHolder() throws {
    let first = try HostLock(in: state, command: "namespace create --size 1G")
    let error = failure { () throws(DeviceError) in
      _ = try HostLock(in: state, command: "namespace list", patience: .zero)
    }
    #expect(error?.code == .failed)
    #expect(
      error?.summary == "cannot change this host: another pmemctl is changing it "
        + "(pid \(getpid()): namespace create --size 1G)")
    #expect(error?.details.last == "nothing was changed")
    first.release()
    #expect(
      failure { () throws(DeviceError) in
        try HostLock(in: state, command: "", patience: .zero).release()
      } == nil)
  }

  @Test func waitsForTheHolder() throws {
    let first = try HostLock(in: state, command: "region disable all")
    var reports: [String] = []
    let second = try HostLock(in: state, command: "x", patience: .seconds(20)) { text in
      reports.append(text)
      first.release()
    }
    second.release()
    #expect(
      reports == [
        "another pmemctl is changing this host (pid \(getpid()): region disable all): waiting for it to end"
      ])
  }

  @Test(.timeLimit(.minutes(1))) func takesTurnsWithAnotherProcess() throws {
    let holder = Process()
    let (order, answer) = (Pipe(), Pipe())
    let marker = directory.path + "/is done"
    try HostLock(in: state, command: "x").release()
    holder.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
    holder.arguments = [
      state.appending("lock").string, "sh", "-c", "echo held; read -r go; : > \"$0\"", marker,
    ]
    holder.standardInput = order
    holder.standardOutput = answer
    try holder.run()
    #expect(answer.fileHandleForReading.availableData == Data("held\n".utf8))
    // While this process waits for its turn, if it does.
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(200)) {
      order.fileHandleForWriting.write(Data("go\n".utf8))
    }
    let lock = try HostLock(in: state, command: "y", patience: .seconds(30))
    #expect(FileManager.default.fileExists(atPath: marker))
    lock.release()
    holder.waitUntilExit()
  }

  @Test func isForItsOwnerAlone() throws {
    try HostLock(in: state, command: "x").release()
    var status = stat()
    #expect(lstat(state.string, &status) == 0 && status.st_mode & 0o777 == 0o700)
    #expect(lstat(state.appending("lock").string, &status) == 0 && status.st_mode & 0o777 == 0o600)
  }

  @Test func followsNoLink() throws {
    try StateDirectory.make(state)
    let other = directory.path + "/other"
    try Data("kept".utf8).write(to: URL(fileURLWithPath: other))
    #expect(symlink(other, state.appending("lock").string) == 0)
    let error = failure { () throws(DeviceError) in _ = try HostLock(in: state, command: "x") }
    #expect(error?.summary.hasPrefix("cannot open \(state.appending("lock"))") ?? false)
    #expect(try String(contentsOfFile: other, encoding: .utf8) == "kept")
  }

  /// A change of this host waits for its turn; what only reads does not, nor does a dry run.
  @Test(.enabled(if: geteuid() == 0)) func isTakenByChanges() throws {
    let lock = try HostLock(in: state, command: "namespace create")
    #expect(
      run("namespace destroy x").hasPrefix(
        "pmemctl: cannot change this host: another pmemctl is changing it (pid \(getpid()): namespace create)\n"
      ))
    for line in ["namespace list", "namespace destroy x --dry-run"] {
      #expect(run(line) == "pmemctl: this kernel is opened\n")
    }
    lock.release()
    #expect(run("namespace destroy x") == "pmemctl: this kernel is opened\n")
    // It is released with the context.
    #expect(run("namespace destroy x") == "pmemctl: this kernel is opened\n")
  }

  private func run(_ line: String) -> String {
    let err = MemorySink()
    var context = CommandContext(
      out: MemorySink(), err: err, terminal: Terminal(isInteractive: false, width: 80, isUnicode: false),
      environment: [:], readAnswer: { nil }, now: { 0 }, stateDirectory: state,
      openKernel: { _ throws(DeviceError) in throw DeviceError(.failed, "this kernel is opened") })
    context.patience = .zero
    let status = Pmemctl.run(line.split(separator: " ").map(String.init), in: context)
    #expect(status == .failed)
    return err.text
  }
}
