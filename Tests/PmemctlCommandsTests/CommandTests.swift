import Foundation
import PmemDevice
import PmemSim
import PmemctlCommands
import SystemPackage
import Testing

@Suite struct CommandTests {
  /// Four namespaces, one a mode, and a hole.
  private func populated() throws -> CommandHarness {
    let harness = try CommandHarness.standard()
    for line in [
      "namespace create --region region0 --mode fsdax --size 512MiB --name cache",
      "namespace create --region region0 --mode devdax --size 256MiB --name vm-a",
      "namespace create --region region0 --mode sector --size 256MiB --sector-size 512",
      "namespace create --region region1 --mode raw --size 25%", "namespace destroy --force vm-a",
      "namespace create --region region1 --mode devdax --map mem --size 1GiB --name dax",
      "namespace disable namespace0.2",
    ] {
      let answer = harness.run(line)
      #expect(answer.status == .done, "\(line): \(answer.err)")
    }
    return harness
  }

  @Test(arguments: [
    "status", "bus list", "dimm list", "dimm show nmem0", "region list", "region show region0",
    "namespace list",
    "namespace list --idle", "namespace show cache", "device list",
  ])
  func listsAndScreensReadAsRecorded(line: String) throws {
    let harness = try populated()
    let name = line.replacingOccurrences(of: " ", with: "-")
    let text = harness.run(line)
    #expect(
      text.status == .done && (text.err == "" || text.err.hasPrefix("pmemctl: not shown in 80 columns: ")))
    try expectGolden(text.out.withoutUUIDs, "\(name).txt")
    let json = harness.run(line + " --json")
    #expect(json.status == .done && json.err == "")
    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(json.out.utf8)) }
    try expectGolden(json.out.withoutUUIDs, "\(name).json")
  }

  @Test func narrowAndPlainTerminalsAreServedToo() throws {
    try expectGolden(
      try populated().run(["status"], unicode: false, width: 48).out, "status-narrow-ascii.txt")
  }

  @Test(arguments: [
    ("plan-usable", "namespace create --usable 500MiB --name x --dry-run"),
    ("plan-mem", "namespace create --mode devdax --map mem --size 512MiB --region region1 --dry-run"),
    ("plan-sector", "namespace create --mode sector --size 10% --region region1 --dry-run"),
    ("plan-labelless", "namespace create --region region2 --force --dry-run"),
    ("plan-destroy", "namespace destroy --force cache --dry-run"),
    ("plan-region", "region disable region0 --dry-run"),
    ("plan-reconfigure", "namespace reconfigure --force cache --mode devdax --dry-run"),
    ("plan-rename", "namespace rename cache store --dry-run"),
    ("plan-label-zero", "label zero nmem0 --force --dry-run"),
    ("plan-each-region", "namespace create --each-region --size 64MiB --dry-run"),
    ("plan-dimm", "dimm disable nmem2 --dry-run"),
  ])
  func plansReadAsRecordedAndChangeNothing(name: String, line: String) throws {
    let harness = try populated()
    let before = harness.run("status --json --idle").out
    try expectGolden(harness.run(line).out, "\(name).txt")
    try expectGolden(harness.run(line + " --json").out.withoutUUIDs, "\(name).json")
    #expect(harness.run("status --json --idle").out == before)
  }

  @Test func emptyIsEmptyInEveryForm() throws {
    let harness = try CommandHarness()
    harness.run(["sim", "create", harness.machine, "--dimm", "1GiB"])
    for line in ["namespace list", "device list"] {
      #expect(harness.run(line).out == "")
      #expect(harness.run(line + " --json").out == "[]\n")
    }
  }

  @Test func createAnswersWithTheNamespace() throws {
    let harness = try CommandHarness.standard()
    let answer = harness.run("namespace create --mode devdax --size max --json")
    let object = try JSONSerialization.jsonObject(with: Data(answer.out.utf8)) as? [String: Any]
    #expect(object?["dev"] as? String == "namespace1.0")
    #expect(object?["mode"] as? String == "devdax")
  }

  @Test func severalAreOneAnswer() throws {
    let harness = try populated()
    let answer = harness.run("namespace destroy --force cache dax --json")
    let list = try JSONSerialization.jsonObject(with: Data(answer.out.utf8)) as? [[String: Any]]
    #expect(list?.compactMap { $0["name"] as? String } == ["cache", "dax"])
    #expect(harness.run("namespace list").out.contains("cache") == false)
  }

  @Test func aWrongNameAmongSeveralStopsAll() throws {
    let harness = try populated()
    let before = harness.run("namespace list").out
    #expect(harness.run("namespace destroy --force cache nosuch").status == .notFound)
    #expect(harness.run("namespace list").out == before)
  }

  @Test func whatIsSoAlreadyIsSaidAndDone() throws {
    let harness = try populated()
    let answer = harness.run("namespace enable cache")
    #expect(answer.status == .done)
    #expect(answer.err == "pmemctl: namespace0.0 \"cache\" is enabled already\n")
  }

  // MARK: Asking

  @Test func onATerminalDestructionIsAskedAbout() throws {
    let harness = try populated()
    for (answer, isGone) in [(nil, false), ("n", false), ("", false), ("yes", true)] as [(String?, Bool)] {
      harness.answer = answer
      let asked = harness.run(["namespace", "destroy", "--force", "cache"], interactive: true)
      #expect(asked.status == (isGone ? .done : .failed) && asked.err.contains("Continue? [y/N]"))
      #expect(asked.err.hasSuffix("nothing was changed\n") == !isGone)
      #expect(harness.run("namespace list").out.contains("cache") == !isGone)
    }
  }

  @Test func aMachineThatChangedWhileAPersonWasAskedIsLeftAlone() throws {
    let harness = try populated()
    let machine = try SimMachine.open(FilePath(harness.machine), forWriting: true)
    let backend = SimBackend(machine)
    harness.kernel = backend
    harness.answer = "yes"
    harness.whileAsked = {
      try backend.perform(.disable(namespace: "namespace0.0"))
      try backend.perform(.rename(namespace: "namespace0.0", name: "others"))
    }
    let asked = harness.run(["namespace", "destroy", "--force", "namespace0.0"], interactive: true)
    #expect(
      asked.status == .failed && asked.err.contains("has changed since it was planned"), "\(asked.err)")
    #expect(harness.run(["namespace", "list"]).out.contains("others"))
  }

  @Test func yesIsNotAskedAndNeitherAreScripts() throws {
    let harness = try populated()
    #expect(
      !harness.run(["namespace", "destroy", "-f", "-y", "cache"], interactive: true).err.contains("Continue?")
    )
    #expect(!harness.run(["namespace", "destroy", "-f", "dax"]).err.contains("Continue?"))
  }

  @Test func progressIsForTerminalsOnly() throws {
    let harness = try CommandHarness.standard()
    let line = ["namespace", "create", "--mode", "raw", "--size", "64MiB"]
    #expect(harness.run(line, interactive: true).err.contains("allocate 64 MiB"))
    #expect(harness.run(line + ["--no-progress"], interactive: true).err == "")
    #expect(harness.run(line).err == "")
  }

  // MARK: Which machine

  @Test func theOptionWinsOverTheEnvironment() throws {
    let harness = try populated()
    let other = try CommandHarness()
    other.run(["sim", "create", other.machine, "--dimm", "1GiB"])
    #expect(harness.run(["region", "list", "--sim", other.machine, "--json"]).out.contains("1073741824"))
  }

  @Test func theMachineMayBeSaidFirst() throws {
    let harness = try populated()
    let other = try CommandHarness()
    for arguments in [["--sim", harness.machine], ["--sim=\(harness.machine)"]] {
      #expect(other.run(arguments + ["namespace", "list"]).out.contains("cache"))
      #expect(other.run(arguments + ["sim", "show"]).status == .done)
    }
    #expect(other.run(["sim", "show", "--sim", harness.machine]).status == .done)
    #expect(other.run(["--sim"]).status == .usage)
  }

  @Test func withoutASimulatedMachineTheKernelIsAsked() throws {
    let harness = try CommandHarness()
    let answer = harness.run(["status", "--sim", ""])
    #expect(answer.err.contains("a test reached for the real kernel"))
  }

  @Test func helpIsAsRecorded() throws {
    let harness = try CommandHarness()
    var text = ""
    for command in [
      [], ["status"], ["bus", "list"], ["dimm", "list"], ["dimm", "show"], ["region", "list"],
      ["region", "show"],
      ["region", "enable"], ["region", "disable"], ["namespace", "list"], ["namespace", "show"],
      ["namespace", "create"], ["namespace", "enable"], ["namespace", "disable"], ["namespace", "destroy"],
      ["device", "list"], ["sim", "create"], ["sim", "show"], ["sim", "destroy"],
    ] {
      let answer = harness.run(command + ["--help"])
      #expect(answer.status == .done && answer.err == "")
      text += answer.out + "\n"
    }
    try expectGolden(text, "help.txt")
  }
}
