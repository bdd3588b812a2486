import Foundation
import TestSupport

/// Runs examples in bash, as a person would who pastes them: in an empty directory, with `pmemctl` on the PATH and a
/// simulated machine.
struct ExampleShell {
  /// A command that failed, with its exit status.
  struct Failure: Hashable, CustomStringConvertible {
    let command: String
    let status: Int32

    var description: String { "\(status): \(command)" }
  }

  struct Answer {
    let output: String
    let errors: String
    /// In the order in which they failed.
    let failures: [Failure]
  }

  private let directory: TemporaryDirectory

  /// - Parameter setup: A script that makes the situation that the examples are for; it must not fail.
  /// - Throws: ``SetupFailure``.
  init(setup: String) throws {
    directory = try TemporaryDirectory()
    for name in ["bin", "here", "tmp"] {
      try FileManager.default.createDirectory(
        atPath: "\(directory.path)/\(name)", withIntermediateDirectories: false)
    }
    let program = URL(fileURLWithPath: Program.path).standardizedFileURL.path
    try FileManager.default.createSymbolicLink(
      atPath: directory.path + "/bin/pmemctl", withDestinationPath: program)
    try Data("#!/bin/sh\nexec \"$@\"\n".utf8).write(to: URL(fileURLWithPath: directory.path + "/bin/sudo"))
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: directory.path + "/bin/sudo")
    let made = try run(setup)
    guard made.failures.isEmpty else { throw SetupFailure(failures: made.failures, errors: made.errors) }
  }

  struct SetupFailure: Error {
    let failures: [Failure]
    let errors: String
  }

  /// Kills a command when it has printed something; Foundation starts processes with other signals blocked.
  ///
  /// - Returns: What it has printed; nothing if that took a minute.
  func runUntilItPrints(_ script: String) throws -> String {
    try run(
      """
      set -m
      { \(script)
      } > printed &
      for _ in {1..600}; do [ ! -s printed ] || break; sleep 0.1; done
      kill -KILL -- -$!
      wait || true
      cat printed
      """
    ).output
  }

  /// - Parameter script: Lines of bash.
  /// - Returns: What they printed, and which of them failed.
  /// - Throws: If bash cannot be started.
  func run(_ script: String) throws -> Answer {
    let report = directory.path + "/failures"
    try Data().write(to: URL(fileURLWithPath: report))
    // Not `set -e`: an example may show a refusal.
    let prologue = """
      exec 9>> "$FAILURES"
      trap 'printf "%s\\t%s\\0" "$?" "$BASH_COMMAND" >&9' ERR
      set -o pipefail
      cd "$HERE" || exit 1
      unset HERE FAILURES

      """
    let done = try TestSupport.run(
      "/bin/bash", ["-c", prologue + script + "\n"],
      environment: [
        "PATH": "\(directory.path)/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "PMEMCTL_SIM": directory.path + "/here/host", "HERE": directory.path + "/here", "FAILURES": report,
        "TMPDIR": directory.path + "/tmp", "LC_ALL": "C.UTF-8", "COLUMNS": "110",
        "SCENARIOS": ThreadScenarioTests.directory, "README": ReadmeBlock.file.path,
        "SCHEMAS": ThreadScenarioTests.directory + "/../../Sources/schema",
      ])
    var failures: [Failure] = []
    for entry in try String(contentsOfFile: report, encoding: .utf8).split(separator: "\0") {
      let parts = entry.split(separator: "\t", maxSplits: 1)
      failures.append(Failure(command: String(parts[1]), status: Int32(parts[0]) ?? -1))
    }
    // Of `a && b`, bash traps only b.
    if done.status != 0, failures.last?.status != done.status {
      failures.append(Failure(command: script, status: done.status))
    }
    return Answer(output: done.output, errors: done.errors, failures: failures)
  }
}
