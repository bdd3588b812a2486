import Foundation
import TestSupport
import Testing

/// The program as it is shipped, where the tests were told of it, else the one built with them.
enum Program {
  static let path: String = {
    if let given = ProcessInfo.processInfo.environment["PMEMCTL_BINARY"] { return given }
    let bundle = URL(fileURLWithPath: CommandLine.arguments[0])
    return bundle.deletingLastPathComponent().appendingPathComponent("pmemctl").path
  }()

  static func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Finished {
    try run(arguments: arguments, environment: environment)
  }

  static func run(arguments: [String], environment: [String: String] = [:]) throws -> Finished {
    let answer = try TestSupport.run(path, arguments, environment: environment)
    let schemas = JSONSchemas.installed
    let problems = schemas.problems(
      of: arguments, schemas.name(of: arguments), status: answer.status, output: answer.output,
      errors: answer.errors)
    for problem in problems { Issue.record("\(problem)") }
    return answer
  }

  /// Runs a line of shell; `$P` is the program.
  static func shell(_ line: String, environment: [String: String] = [:]) throws -> Finished {
    try TestSupport.run("/bin/bash", ["-c", line], environment: environment.merging(["P": path]) { $1 })
  }

  static func withMachine(_ body: (String) throws -> Void) throws {
    let directory = try TemporaryDirectory()
    let machine = directory.path + "/m"
    let made = try run("sim", "create", machine, "--dimm", "1GiB")
    #expect(made.status == 0, "\(made.errors)")
    try body(machine)
  }
}

@Suite struct BinaryTests {
  @Test func versionAndHelpNeedNoMachine() throws {
    let version = try Program.run("--version")
    #expect(version.status == 0)
    #expect(version.output.wholeMatch(of: #/[0-9]+\.[0-9]+\.[0-9]+\n/#) != nil)
    #expect(try Program.run("--help").status == 0)
    #expect(try Program.run("help", "namespace", "create").output.contains("--usable"))
  }

  @Test func wrongUsageIs64AndOnStandardError() throws {
    let wrong = try Program.run("namespace", "frobnicate")
    #expect(wrong.status == 64)
    #expect(wrong.output == "" && wrong.errors.hasPrefix("pmemctl: "))
  }

  @Test(arguments: ["--help", "status --json", "namespace list --json", "--generate-completion-script bash"])
  func aFullDeviceIsAnError(arguments: String) throws {
    try Program.withMachine { machine in
      let full = try Program.shell("$P \(arguments) > /dev/full", environment: ["PMEMCTL_SIM": machine])
      #expect(full.status == 1)
      #expect(full.errors.contains("cannot write the output: No space left on device"))
    }
  }

  @Test func aClosedOutputStopsBeforeAnythingIsDone() throws {
    try Program.withMachine { machine in
      let closed = try Program.shell(
        "$P namespace create --mode raw --size 64MiB >&-", environment: ["PMEMCTL_SIM": machine])
      #expect(closed.status == 1)
      #expect(closed.errors == "pmemctl: standard output is closed; nothing was done\n")
      #expect(try Program.run("namespace", "list", "--json", "--sim", machine).output == "[]\n")
    }
  }

  @Test func closedInputAndErrorsAreNoReasonToFail() throws {
    try Program.withMachine { machine in
      let done = try Program.shell(
        "$P namespace create --mode sector --size 64MiB <&- 2>&-", environment: ["PMEMCTL_SIM": machine])
      #expect(done.status == 0)
      #expect(try Program.run("status", "--sim", machine).status == 0)
    }
  }

  @Test func aBrokenPipeEndsItQuietly() throws {
    try Program.withMachine { machine in
      let broken = try Program.shell(
        "set -o pipefail; $P --help | true; echo ${PIPESTATUS[0]}", environment: ["PMEMCTL_SIM": machine])
      #expect(["0\n", "141\n"].contains(broken.output))
      #expect(broken.errors == "")
    }
  }

  @Test func invalidUTF8IsRefused() throws {
    try Program.withMachine { machine in
      let invalid = try Program.shell(
        "$P namespace create --mode raw --size 64MiB --name $'bad\\xff'",
        environment: ["PMEMCTL_SIM": machine])
      #expect(invalid.status == 64)
      #expect(invalid.errors == "pmemctl: an argument is not valid UTF-8\n")
    }
  }

  // MARK: Simulated machines and their surroundings

  @Test func aDamagedMachineIs65() throws {
    try Program.withMachine { machine in
      try Data("pmemctl-machine 1\nrubbish\n".utf8).write(to: URL(fileURLWithPath: machine + "/machine"))
      let damaged = try Program.run("status", "--sim", machine)
      #expect(damaged.status == 65)
      #expect(damaged.errors.contains("machine, line 2: \"rubbish\" is not known"))
      try Data("another program's file\n".utf8).write(to: URL(fileURLWithPath: machine + "/machine"))
      #expect(try Program.run("status", "--sim", machine).status == 65)
    }
  }

  @Test func aLockedMachineIsSaidToBe() throws {
    try Program.withMachine { machine in
      let locked = try Program.shell(
        "exec 9< '\(machine)/machine'; flock -x 9; $P status --sim '\(machine)' 9<&-")
      #expect(locked.status == 1)
      #expect(locked.errors.contains("is busy: another command holds it"))
    }
  }

  @Test func concurrentCommandsTakeTurns() throws {
    try Program.withMachine { machine in
      let many = try Program.shell(
        "for i in 1 2 3 4 5 6 7 8; do $P namespace create --mode raw --size 16MiB --name n$i & done; wait; "
          + "$P namespace list --json | grep -c '\"name\"'", environment: ["PMEMCTL_SIM": machine])
      #expect(many.output.hasSuffix("8\n"), "\(many.output)\(many.errors)")
    }
  }

  @Test func aKilledCommandLeavesAMachineThatBoots() throws {
    try Program.withMachine { machine in
      for delay in stride(from: 0.001, to: 0.03, by: 0.003) {
        _ = try Program.shell(
          "timeout -s KILL \(delay) $P namespace create --mode sector --size 16MiB",
          environment: ["PMEMCTL_SIM": machine])
        let after = try Program.run("status", "--json", "--sim", machine)
        #expect(after.status == 0, "\(after.errors)")
      }
    }
  }

  /// A signal that is there before the first step, as one that came while the plan was shown.
  @Test func aSignalStopsBeforeTheNextStepAndSaysSo() throws {
    try Program.withMachine { machine in
      let stopped = try Program.shell(
        #"perl -MPOSIX -e 'sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGINT)); kill INT => $$; exec @ARGV' "#
          + "$P namespace create --mode raw --size 64MiB", environment: ["PMEMCTL_SIM": machine])
      #expect(stopped.status == 130, "\(stopped.errors)")
      #expect(stopped.errors.contains("stopped before: allocate 64 MiB from region0"))
      #expect(try Program.run("namespace", "list", "--json", "--sim", machine).output == "[]\n")
    }
  }

  /// Whenever a signal arrives, the change is rolled back or complete.
  @Test func aSignalLeavesTheOldStateOrTheNew() throws {
    try Program.withMachine { machine in
      for number in 1...12 {
        let name = "n\(number)"
        let line = ["namespace", "create", "--mode", "sector", "--size", "32MiB", "--name", name]
        #expect(try Program.run(arguments: line + ["--sim", machine]).status == 0)
      }
      let before = try Program.run("namespace", "list", "--json", "--sim", machine).output
      for delay in stride(from: 0.01, to: 0.09, by: 0.02) {
        let stopped = try Program.shell(
          "timeout -s TERM --preserve-status \(delay) $P namespace destroy --force all",
          environment: ["PMEMCTL_SIM": machine])
        let after = try Program.run("namespace", "list", "--json", "--sim", machine).output
        // 143: it came before anything was begun.
        #expect(
          [130, 143].contains(stopped.status) && after == before || stopped.status == 0 && after == "[]\n",
          "\(stopped.status): \(stopped.errors)")
        guard after == before else { break }
      }
    }
  }

  @Test(.enabled(if: Sandbox.canMount)) func aFullDiskIsToldAndUndone() throws {
    let full = try Sandbox.run(
      """
      mount -t tmpfs -o size=512k disk /mnt && cd /mnt
      $P sim create m --dimm 1GiB > /dev/null || exit 99
      dd if=/dev/zero of=filler bs=4k 2> /dev/null
      $P namespace create --mode sector --size 512MiB --sim m; echo "status $?"
      rm filler
      $P namespace list --json --sim m
      """)
    #expect(full.output.contains("status 1\n"), "\(full.output)\(full.errors)")
    #expect(full.errors.contains("No space left on device"))
    #expect(full.output.hasSuffix("[]\n"))
  }

  // MARK: The real backend without a machine for it

  @Test(.enabled(if: Sandbox.canMount)) func aKernelWithoutLibnvdimmIs6() throws {
    let none = try Sandbox.run("mount -t tmpfs none /sys/bus && $P namespace list")
    #expect(none.status == 6)
    #expect(none.errors.contains("/sys/bus/nd does not exist"))
    #expect(none.errors.contains("try: modprobe nfit"))
  }

  @Test(.enabled(if: getuid() == 0 && access("/sys/bus/nd", F_OK) == 0)) func othersThanRootMayLookOnly()
    throws
  {
    let directory = try TemporaryDirectory()
    let copy = directory.path + "/pmemctl"
    try FileManager.default.copyItem(atPath: Program.path, toPath: copy)
    let other = "setpriv --reuid=65534 --regid=65534 --clear-groups '\(copy)'"
    let list = try Program.shell("chmod 755 '\(directory.path)'; \(other) namespace list --json")
    #expect(list.status == 0, "\(list.errors)")
  }

  // MARK: Completions

  @Test(
    arguments: [
      ("namespace show ''", ["namespace0.0", "db", "pmem0"]), ("namespace destroy d", ["db"]),
      ("region show ''", ["region0"]), ("dimm show nm", ["nmem0"]), ("undo run ''", ["1", "2"]),
      ("device disable ''", ["dax0.1"]), ("namespace create --mode de", ["devdax"]),
      ("dax enable --for r", ["rdma"]),
      ("namespace create --region ''", ["region0"]), ("name", ["namespace"]), ("namespace dest", ["destroy"]),
    ]) func bashCompletesNamesOfWhatIsThere(_ line: String, _ expected: [String]) throws
  {
    try Program.withMachine { machine in
      for create in ["--name db --mode fsdax", "--mode devdax"] {
        _ = try Program.shell(
          "$P namespace create --size 64MiB \(create)", environment: ["PMEMCTL_SIM": machine])
      }
      let script = """
        PATH=$(dirname $P):$PATH; source <($P --generate-completion-script bash)
        COMP_WORDS=(pmemctl \(line)); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE="${COMP_WORDS[*]}"
        COMP_POINT=${#COMP_LINE}
        _pmemctl pmemctl "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"; printf '%s\\n' "${COMPREPLY[@]}"
        """
      let completed = try Program.shell(script, environment: ["PMEMCTL_SIM": machine])
      let words = completed.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
      for word in expected {
        #expect(words.contains(word), "\(line): \(words) \(completed.errors)")
      }
    }
  }

  @Test(arguments: ["bash", "zsh", "fish"]) func completionsAreGoodShell(shell: String) throws {
    let script = try Program.run("--generate-completion-script", shell)
    #expect(script.status == 0 && script.output.contains("namespace"))
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/\(shell)") else { return }
    let directory = try TemporaryDirectory()
    try Data(script.output.utf8).write(to: URL(fileURLWithPath: directory.path + "/script"))
    let checked = try run("/usr/bin/\(shell)", ["-n", directory.path + "/script"])
    #expect(checked.status == 0, "\(checked.errors)")
  }
}

/// A mount namespace of its own, where the machine may be arranged.
enum Sandbox {
  static let canMount: Bool = (try? run("true").status) == 0

  static func run(_ script: String) throws -> Finished {
    try TestSupport.run(
      "/usr/bin/unshare", ["-m", "/bin/bash", "-c", script], environment: ["P": Program.path])
  }
}
