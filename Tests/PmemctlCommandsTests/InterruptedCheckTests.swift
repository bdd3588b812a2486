import Glibc
import PmemDevice
import PmemSim
import PmemctlCommands
import SystemPackage
import Testing

/// Ctrl-C in a check that disabled its namespace.
@Suite struct InterruptedCheckTests {
  @Test func theNamespaceIsEnabledAgain() throws {
    let harness = try CommandHarness()
    harness.run(["sim", "create", harness.machine, "--dimm", "1GiB"])
    harness.run("namespace create --mode sector --size 512MiB --name table")
    let before = harness.run("namespace list --json").out
    try {
      let machine = try SimMachine.open(FilePath(harness.machine), forWriting: true)
      harness.kernel = StandInBackend(SimBackend(machine)) { step throws(DeviceError) in
        // Pending, since a plan holds signals; the check that follows finds it.
        if case .disable = step { pthread_kill(pthread_self(), SIGINT) }
      }
      let answer = harness.run("namespace check --force table")
      #expect(answer.status == .interrupted, "\(answer.err)")
      #expect(answer.err.contains("cannot check namespace0.0 \"table\": interrupted"), "\(answer.err)")
      harness.kernel = nil
    }()
    #expect(harness.run("namespace list --json").out == before)
  }
}
