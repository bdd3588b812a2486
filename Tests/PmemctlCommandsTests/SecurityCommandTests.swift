import Foundation
import PmemDevice
import PmemSim
import PmemctlCommands
import SystemPackage
import Testing

/// Passphrases of DIMMs: what there is on disk opens the DIMM, whatever is cut short or fails.
@Suite struct SecurityCommandTests {
  /// nmem0 and nmem1 have security, nmem2 has none; a namespace "files" is on nmem0.
  private func machine(hasMaster: Bool = true) throws -> CommandHarness {
    let harness = try CommandHarness.standard()
    for dimm in ["nmem0", "nmem1"] { #expect(harness.run("sim set-security \(dimm)").status == .done) }
    harness.run("namespace create --region region0 --size 512MiB --name files")
    if hasMaster {
      harness.run("dimm security setup --new-master-key nmem1")
      harness.run("dimm security remove nmem1")
    }
    return harness
  }

  private func state(_ harness: CommandHarness, _ dimm: String = "nmem0") throws -> [String: Any] {
    let answer = harness.run("dimm security show --json \(dimm)")
    let list = try JSONSerialization.jsonObject(with: Data(answer.out.utf8)) as? [[String: Any]]
    return try #require(list?.first)
  }

  private func security(_ harness: CommandHarness, _ dimm: String = "nmem0") throws -> String? {
    try state(harness, dimm)["security"] as? String
  }

  @Test func aPassphraseLocksTheDimmAfterAPowerCycleAndUnlockBringsAllBack() throws {
    let harness = try machine()
    #expect(harness.run("dimm security setup nmem0").status == .done)
    #expect(try security(harness) == "unlocked")
    #expect(harness.run("namespace list").out.contains("files"))
    harness.run(["sim", "reboot", harness.machine])
    #expect(try security(harness) == "locked")
    #expect(!harness.run("namespace list").out.contains("files"))
    let region = harness.run("region enable region0")
    #expect(region.status == .failed && region.err.contains("is locked, failing probe"), "\(region.err)")
    #expect(harness.run("dimm enable nmem0").status == .failed)
    #expect(harness.run("doctor").out.contains("error: nmem0: it is locked"))
    let unlocked = harness.run("dimm security unlock nmem0")
    #expect(unlocked.status == .done, "\(unlocked.err)")
    #expect(try security(harness) == "unlocked")
    #expect(harness.run("namespace list").out.contains("files"))
    #expect(harness.run("dimm security remove nmem0").status == .done)
    #expect(try security(harness) == "disabled")
    harness.run(["sim", "reboot", harness.machine])
    #expect(harness.run("namespace list").out.contains("files"))
  }

  @Test func screensAndPlansReadAsRecorded() throws {
    let harness = try machine()
    var text = harness.run("dimm security show").out
    text += harness.run("dimm security setup --dry-run nmem0 nmem1").out
    text += harness.run("dimm security setup nmem0").out
    text += harness.run("dimm security update --dry-run nmem0").out
    text += harness.run("dimm security freeze nmem0").out
    text += harness.run("dimm security show --json nmem0 nmem2").out
    try expectGolden(text, "dimm-security.txt")
  }

  // MARK: Refusals

  @Test func everyPreconditionOfEveryDimmIsNamedAtOnce() throws {
    let harness = try machine(hasMaster: false)
    harness.run("sim set-security nmem1 --firmware-freezes")
    let answer = harness.run("dimm security setup nmem0 nmem1")
    #expect(answer.status == .failed)
    #expect(answer.err.contains("3 preconditions fail"), "\(answer.err)")
    #expect(
      answer.err.contains("there is no master key") && answer.err.contains("frozen until the next power"))
    #expect(answer.err.contains("--new-master-key") && answer.err.contains("nothing was changed"))
    #expect(try security(harness) == "disabled")
  }

  @Test func aDimmWithoutSecurityIsNotSupported() throws {
    let harness = try machine()
    for verb in ["setup", "update", "remove", "unlock", "freeze"] {
      let answer = harness.run("dimm security \(verb) nmem0 nmem2")
      #expect(answer.status == .notSupported && answer.err.contains("nmem2 has no security"), "\(verb)")
    }
  }

  @Test(arguments: ["update", "remove", "unlock", "freeze"])
  func whatTakesAPassphraseIsRefusedWithoutOne(verb: String) throws {
    let answer = try machine().run("dimm security \(verb) nmem0")
    #expect(answer.status == .failed && answer.err.contains("it has no passphrase"), "\(answer.err)")
  }

  @Test(arguments: ["setup", "update", "remove", "unlock"])
  func aFrozenDimmIsSaidToBeFrozen(verb: String) throws {
    let harness = try machine()
    harness.run("dimm security setup nmem0")
    #expect(harness.run("dimm security freeze nmem0").status == .done)
    let answer = harness.run("dimm security \(verb) nmem0")
    guard verb != "unlock" else { return #expect(answer.err.contains("nmem0 is unlocked already")) }
    #expect(answer.status == .failed && answer.err.contains("frozen until the next power cycle"))
    #expect(harness.run("dimm security freeze nmem0").err.contains("is frozen already"))
    harness.run(["sim", "reboot", harness.machine])
    #expect(harness.run("dimm security unlock nmem0").status == .done)
    #expect(harness.run("dimm security remove nmem0").status == .done)
  }

  // MARK: What is cut short

  private static let verbs = ["setup", "update", "remove"]

  /// The steps of a verb on nmem0, performed one by one.
  private func steps(_ verb: String, _ backend: SimBackend) throws -> [Plan.Entry] {
    let inventory = try backend.inventory(.planning)
    let dimms = Array(inventory.dimms.prefix(1))
    let planner = SecurityPlanner(inventory, security: ["nmem0": try backend.security(of: dimms)[0]])
    return switch verb {
    case "setup": try planner.setUp(dimms, createsMaster: false).entries
    case "update": try planner.update(dimms).entries
    default: try planner.remove(dimms).entries
    }
  }

  /// Cut after each step, several times over: a power cycle later the DIMM can be unlocked, or has no passphrase; and the
  /// verb can be done again.
  @Test(arguments: verbs, 0...6) func aPowerCutAfterAnyStepLeavesAKeyThatOpensTheDimm(
    verb: String, count: Int
  ) throws {
    let harness = try machine()
    if verb != "setup" { harness.run("dimm security setup nmem0") }
    for _ in 0..<3 {
      let machine = try SimMachine.open(FilePath(harness.machine), forWriting: true)
      let backend = SimBackend(machine)
      let state = try backend.inventory(.listing).dimms[0].security
      guard state == (verb == "setup" ? "disabled" : "unlocked") else { break }
      for entry in try steps(verb, backend).prefix(count) { try backend.perform(entry.step) }
    }
    harness.run(["sim", "reboot", harness.machine])
    if try security(harness) == "locked" {
      let answer = harness.run("dimm security unlock nmem0")
      #expect(answer.status == .done, "\(answer.err)")
    }
    #expect(harness.run("namespace list").out.contains("files"))
    let again = try security(harness) == "disabled" ? "setup" : verb == "setup" ? "update" : verb
    let answer = harness.run("dimm security \(again) nmem0")
    #expect(answer.status == .done, "\(again): \(answer.err)")
  }

  /// ndctl leaves a wrong key as the current one, and loses the right one at the second try.
  @Test(
    arguments: verbs,
    [SecurityOperation.createKey, .setPassphrase, .verifyPassphrase, .commitKey, .removePassphrase])
  func aStepThatFailsNeverLosesTheKey(verb: String, failing: SecurityOperation) throws {
    let harness = try machine()
    if verb != "setup" { harness.run("dimm security setup nmem0") }
    for _ in 0..<3 {
      let machine = try SimMachine.open(FilePath(harness.machine), forWriting: true)
      harness.kernel = StandInBackend(SimBackend(machine)) { step throws(DeviceError) in
        guard case .security(_, failing) = step else { return }
        throw DeviceError(.failed, "cannot \(step.words): Input/output error", errno: 5)
      }
      let before = try machineState(machine)
      let answer = harness.run(["dimm", "security", verb, "nmem0"])
      // "Nothing was changed" is said only of a DIMM that is as it was.
      if answer.err.contains("nothing was changed") { #expect(try machineState(machine) == before) }
      harness.kernel = nil
    }
    harness.run(["sim", "reboot", harness.machine])
    if try security(harness) == "locked" {
      let answer = harness.run("dimm security unlock nmem0")
      #expect(answer.status == .done, "\(answer.err)")
    }
    #expect(harness.run("namespace list").out.contains("files"))
  }

  private func machineState(_ machine: SimMachine) throws -> String? {
    try SimBackend(machine).inventory(.listing).dimms[0].security
  }

  @Test func aLostKeyIsSaidBeforeItIsNeeded() throws {
    let harness = try machine()
    harness.run("dimm security setup nmem0")
    let path = harness.machine + "/security"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacing(#/ current=[0-9a-f]+/#, with: "").write(
      toFile: path, atomically: true, encoding: .utf8)
    #expect(harness.run("dimm security show nmem0").err.contains("lost at the next power cycle"))
    for verb in ["update", "remove"] {
      let answer = harness.run("dimm security \(verb) nmem0")
      #expect(
        answer.status == .failed && answer.err.contains("its passphrase is not in"), "\(answer.err)")
    }
    harness.run(["sim", "reboot", harness.machine])
    #expect(harness.run("dimm security unlock nmem0").status == .failed)
  }

  @Test func aWrongKeyDoesNotOpenADimm() throws {
    let harness = try machine()
    harness.run("dimm security setup nmem0")
    let path = harness.machine + "/security"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacing(#/ current=[0-9a-f]+/#, with: " current=" + String(repeating: "00", count: 32)).write(
      toFile: path, atomically: true, encoding: .utf8)
    let update = harness.run("dimm security update nmem0")
    #expect(update.status == .failed && update.err.contains("the passphrase is wrong"), "\(update.err)")
    harness.run(["sim", "reboot", harness.machine])
    let unlock = harness.run("dimm security unlock nmem0")
    #expect(unlock.status == .failed && unlock.err.contains("refuses the passphrase"), "\(unlock.err)")
    #expect(try security(harness) == "locked")
  }

  // MARK: Erasing

  /// The first bytes of a namespace, below its mode.
  private func bytes(_ harness: CommandHarness) throws -> [UInt8] {
    let machine = try SimMachine.open(FilePath(harness.machine), forWriting: true)
    let backend = SimBackend(machine)
    try backend.perform(.disable(namespace: "namespace0.0"))
    defer { try? backend.perform(.enable(namespace: "namespace0.0")) }
    return try backend.withRawMedia(of: "namespace0.0", forWriting: false) { media throws(DeviceError) in
      try media.read(at: 4096, count: 4096)
    }
  }

  @Test(arguments: [false, true]) func anEraseMakesTheDataNoiseAndRemovesTheKeys(hasPassphrase: Bool) throws {
    let harness = try machine()
    if hasPassphrase { harness.run("dimm security setup nmem0") }
    let before = try bytes(harness)
    #expect(before.contains { $0 != 0 })
    let answer = harness.run("dimm security erase nmem0 --erase-all-data --yes")
    #expect(answer.status == .done, "\(answer.err)")
    #expect(try security(harness) == "disabled")
    let keys = try state(harness)["keys"] as? [String: Any]
    #expect(keys?["current"] as? Bool == false && keys?["pending"] as? Bool == false)
    // Its label stays; the info block that made it fsdax is noise.
    #expect(harness.run("namespace list --json").out.contains("\"raw\""))
    #expect(try bytes(harness) != before)
    harness.run(["sim", "reboot", harness.machine])
    #expect(try security(harness) == "disabled")
  }

  @Test func anEraseNamesWhatIsLostAndTakesLeaveOfItsOwn() throws {
    let harness = try machine()
    let answer = harness.run("dimm security erase nmem0 --yes")
    #expect(answer.status == .refused, "\(answer.err)")
    #expect(answer.err.contains("\"files\"") && answer.err.contains("--erase-all-data"))
    let quiet = harness.run("dimm security erase nmem0 --erase-all-data")
    #expect(quiet.status == .refused && quiet.err.contains("--yes confirms it"), "\(quiet.err)")
    #expect(harness.run("namespace list --json").out.contains("\"fsdax\""))
  }

  @Test func anEraseIsRefusedWhileSomebodyUsesWhatIsOnTheDimm() throws {
    let harness = try machine()
    harness.run("sim mount files /mnt")
    let answer = harness.run("dimm security erase nmem0 --erase-all-data --discard-content --yes")
    #expect(answer.status == .refused && answer.err.contains("/mnt"), "\(answer.err)")
    #expect(harness.run("namespace list --json").out.contains("\"fsdax\""))
  }

  @Test(arguments: ["locked", "frozen"]) func aLockedOrFrozenDimmIsNotErased(how: String) throws {
    let harness = try machine()
    harness.run("dimm security setup nmem0")
    if how == "frozen" {
      harness.run("dimm security freeze nmem0")
    } else {
      harness.run(["sim", "reboot", harness.machine])
    }
    let answer = harness.run("dimm security erase nmem0 --erase-all-data --yes")
    #expect(answer.status == .failed && answer.err.contains(how), "\(answer.err)")
  }

  /// The command may have had its effect: what is reported is what the DIMM is then.
  @Test(arguments: [SecurityOperation.erase, .discardKeys]) func anEraseThatFailsLeavesTheRegionEnabled(
    failing: SecurityOperation
  ) throws {
    let harness = try machine()
    harness.run("dimm security setup nmem0")
    let machine = try SimMachine.open(FilePath(harness.machine), forWriting: true)
    harness.kernel = StandInBackend(SimBackend(machine)) { step throws(DeviceError) in
      guard case .security(_, failing) = step else { return }
      throw DeviceError(.failed, "cannot \(step.words): Input/output error", errno: 5)
    }
    let answer = harness.run("dimm security erase nmem0 --erase-all-data --yes")
    #expect(answer.status == .failed)
    #expect(answer.err.contains("nothing was changed") == (failing == .erase), "\(answer.err)")
    #expect(answer.err.contains("was unlocked, and is disabled") == (failing != .erase))
    #expect(try SimBackend(machine).inventory(.listing).regions[0].isEnabled)
  }
}
