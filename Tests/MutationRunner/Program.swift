import Foundation
import Glibc

/// What a run of the program came to.
struct Outcome {
  /// nil if a signal ended it.
  var status: Int32?
  /// The signal that ended it; 0 for none.
  var signal: Int32
  var errors: String
  /// Kibibytes, the most that it had in memory.
  var peak: Int
  /// Of the processor.
  var seconds: Double
}

/// The program under test.
struct Program {
  let path: String
  /// Where it runs: what it writes there without being asked is found.
  let directory: String

  /// Seconds after which it is killed, however little processor time it got.
  private static let patience = 120.0

  /// Runs it to its end. No other child may be waited for meanwhile.
  func run(_ arguments: [String]) throws -> Outcome {
    let errors = directory + "/../stderr"
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard chdir(directory) == 0 else { throw Failure("cannot work in \(directory)") }
    let environment = ["PATH=/usr/bin:/bin", "TMPDIR=\(directory)/../tmp", "SWIFT_BACKTRACE=enable=no"]
    var argv = ([path] + arguments).map { strdup($0) } + [nil]
    var envp = environment.map { strdup($0) } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    var pid = pid_t()
    let spawned = posix_spawn(&pid, path, &actions, nil, &argv, &envp)
    guard spawned == 0 else { throw Failure("cannot run \(path): \(String(cString: strerror(spawned)))") }
    var status: Int32 = 0
    var usage = rusage()
    let start = ContinuousClock.now
    while wait4(pid, &status, WNOHANG, &usage) == 0 {
      if ContinuousClock.now - start > .seconds(Self.patience) { kill(pid, SIGKILL) }
      usleep(500)
    }
    // Data(contentsOf:) of an empty file never frees its buffer, and what this process has is counted as its children's
    // (kernel/exit.c: ru_maxrss begins with that of the address space before exec).
    var found = stat()
    let isSilent = stat(errors, &found) != 0 || found.st_size == 0
    let text =
      isSilent ? "" : String(decoding: try Data(contentsOf: URL(fileURLWithPath: errors)), as: UTF8.self)
    let time =
      Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    let signal = status & 0x7f
    return Outcome(
      status: signal == 0 ? (status >> 8) & 0xff : nil, signal: signal, errors: text,
      peak: usage.ru_maxrss,
      seconds: time)
  }
}

/// Why a run of the tests cannot go on.
struct Failure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
