import Foundation
import PmemDevice
import PmemSim
import PmemctlCommands
import SystemPackage
import Testing

/// What the platform and its DIMMs do by themselves: scrubs, injected errors and health, firmware, overwrites.
@Suite struct PlatformCommandTests {
  /// A namespace "files" in raw mode on nmem0; nmem0 and nmem1 have firmware, and the bus has everything.
  private func machine(scrubSeconds: Int = 0) throws -> CommandHarness {
    let harness = try CommandHarness.standard()
    harness.run("namespace create --region region0 --mode raw --size 512MiB --name files")
    let set = harness.run("sim set-platform --scrub-seconds \(scrubSeconds) --activation suspend")
    #expect(set.status == .done, "\(set.err)")
    for dimm in ["nmem0", "nmem1"] { harness.run("sim set-firmware \(dimm)") }
    try Data("image".utf8).write(to: URL(fileURLWithPath: harness.machine + ".bin"))
    return harness
  }

  private func first(_ answer: Answer) throws -> [String: Any] {
    let list = try JSONSerialization.jsonObject(with: Data(answer.out.utf8)) as? [[String: Any]]
    return try #require(list?.first, "\(answer.err)")
  }

  // MARK: Scrubs

  @Test func aScrubFindsWhatTheKernelDoesNotKnow() throws {
    let harness = try machine()
    #expect(harness.run("sim inject-error files --block 100 --count 3 --silent").status == .done)
    #expect(!harness.run("namespace list --json files").out.contains("badblock_count"))
    let started = harness.run("bus scrub start ndbus0")
    #expect(
      started.status == .done && started.err.contains("pmemctl bus scrub wait ndbus0"), "\(started.err)")
    let waited = harness.run("bus scrub wait --json ndbus0")
    let scrub = try first(waited)
    #expect(scrub["scrub_state"] as? String == "idle" && scrub["scrub_count"] as? Int == 1)
    #expect(scrub["badblock_count"] as? Int == 3 && scrub["new_badblock_count"] as? Int == 3)
    #expect(harness.run("namespace list --json files").out.contains("\"badblock_count\": 3"))
    harness.run("bus scrub start ndbus0")
    #expect(try first(harness.run("bus scrub status --json"))["new_badblock_count"] as? Int == 0)
  }

  @Test func aRunningScrubIsWaitedForAndNotStartedTwice() throws {
    let harness = try machine(scrubSeconds: 1000)
    harness.run("bus scrub start ndbus0")
    let again = harness.run("bus scrub start ndbus0")
    #expect(again.status == .done && again.out == "" && again.err.contains("being scrubbed already"))
    let scrub = try first(harness.run("bus scrub status --json ndbus0"))
    #expect(scrub["scrub_state"] as? String == "active" && scrub["scrub_since"] != nil)
    #expect(harness.run("bus scrub wait --timeout 0").status == .failed)
    #expect(harness.run("bus scrub wait").status == .interrupted)
    let refused = harness.run("dimm firmware update nmem0 --image \(harness.machine).bin")
    #expect(
      refused.status == .failed && refused.err.contains("pmemctl bus scrub wait ndbus0"), "\(refused.err)")
  }

  @Test func whoHasNoScrubIsTold() throws {
    let harness = try CommandHarness.standard()
    for line in ["bus scrub start all", "bus scrub status", "bus scrub wait"] {
      #expect(harness.run(line).status == .notSupported, "\(line)")
    }
  }

  // MARK: Injection

  @Test func injectedErrorsAreListedWithdrawnAndCleared() throws {
    let harness = try machine()
    #expect(harness.run("namespace inject-error files --block 8 --count 2").status == .done)
    #expect(harness.run("namespace inject-error files --list --json").out.contains("\"count\": 2"))
    let doctor = harness.run("doctor").out
    #expect(doctor.contains("error: namespace0.0: 2 blocks of 512 bytes are bad"), "\(doctor)")
    #expect(doctor.contains("note: namespace0.0: errors are injected into 2 blocks of it"), "\(doctor)")
    let withdrawn = harness.run("namespace inject-error files --withdraw")
    #expect(withdrawn.err.contains("pmemctl namespace clear-errors namespace0.0"), "\(withdrawn.err)")
    #expect(!harness.run("doctor").out.contains("injected"))
    harness.run("namespace clear-errors files")
    #expect(harness.run("doctor").status == .done)
  }

  @Test(arguments: [
    ("namespace inject-error files", Status.usage),
    ("namespace inject-error files --block 8 --list --silent", .usage),
    ("namespace inject-error files --block 1048576", .failed),
    ("namespace inject-error files --block 0 --count 0", .failed),
    ("namespace inject-error nothing --block 8", .notFound), ("dimm inject-smart nmem0", .usage),
    ("dimm inject-smart nmem0 --fatal --withdraw", .usage), ("dimm inject-smart nmem0 --spares 101", .usage),
    ("dimm inject-smart nmem0 --media-temperature -255", .usage),
    ("dimm inject-smart nmem0 --fatal", .notSupported), ("dimm set-alarm nmem0", .usage),
    ("dimm set-alarm nmem0 --spares 101", .usage), ("dimm set-alarm nmem0 --media-temperature -255", .usage),
    ("dimm set-alarm nmem0 --spares maybe", .usage), ("dimm set-alarm nmem0 --spares 5", .notSupported),
  ])
  func whatCannotBeInjectedIsRefused(line: String, status: Status) throws {
    let harness = try machine()
    #expect(harness.run(line).status == status, "\(line)")
    #expect(harness.run("namespace inject-error files --list --json").out == "[]\n")
  }

  @Test func nothingIsInjectedIntoWhatIsInUseOrMoves() throws {
    let harness = try machine()
    harness.run("sim process start reader --pid 7")
    harness.run("sim open 7 files")
    let refused = harness.run("namespace inject-error files --block 8")
    #expect(refused.status == .refused && refused.err.contains("reader"), "\(refused.err)")
    harness.run("namespace create --region region0 --mode sector --size 64MiB --name journal")
    #expect(harness.run("namespace inject-error journal --block 8").status == .notSupported)
    #expect(!harness.run("doctor").out.contains("bad"))
  }

  @Test func injectedHealthEndsWithThePower() throws {
    let harness = try machine()
    harness.run("sim set-health nmem0 --complete")
    let well = harness.run("dimm health nmem0 --json").out
    let kinds = "--media-temperature -20 --controller-temperature 99 --spares 4 --fatal --dirty-shutdown"
    #expect(harness.run("dimm inject-smart nmem0 \(kinds)").status == .done)
    let health = try #require(try first(harness.run("dimm health nmem0 --json"))["health"] as? [String: Any])
    #expect(health["temperature_millicelsius"] as? Int == -20000 && health["spares_percentage"] as? Int == 4)
    #expect(health["health_state"] as? String == "fatal" && health["shutdown_state"] as? String == "dirty")
    #expect(harness.run("dimm inject-smart nmem0 --withdraw").status == .done)
    #expect(harness.run("dimm health nmem0 --json").out == well)
    harness.run("dimm inject-smart nmem0 --fatal")
    harness.run(["sim", "reboot", harness.machine])
    #expect(harness.run("dimm health nmem0 --json").out == well)
  }

  @Test func alarmsAreSetAndOutliveThePower() throws {
    let harness = try machine()
    harness.run("sim set-health nmem0 --complete")
    #expect(harness.run("dimm set-alarm nmem0 --media-temperature 30 --spares off").status == .done)
    harness.run(["sim", "reboot", harness.machine])
    let answer = harness.run("dimm health nmem0 --json")
    let health = try #require(try first(answer)["health"] as? [String: Any])
    #expect(health["temperature_threshold_millicelsius"] as? Int == 30000, "\(answer.out)")
    #expect(health["alarm_temperature"] as? Bool == true && health["alarm_enabled_spares"] as? Bool == false)
    #expect(harness.run("dimm set-alarm nmem0 --spares off --dry-run").out.contains("nothing"))
    harness.run("dimm set-alarm nmem0 --media-temperature 90 --spares on")
    #expect(harness.run("dimm health nmem0").status == .done)
  }

  /// The second DIMM fails after it took the change: the first is set back too.
  @Test func alarmsAreSetBackIfAStepFails() throws {
    let harness = try machine()
    for dimm in ["nmem0", "nmem1"] { harness.run("sim set-health \(dimm) --complete") }
    let before = harness.run("dimm health --json").out
    try {
      let machine = try SimMachine.open(FilePath(harness.machine), forWriting: true)
      let backend = SimBackend(machine)
      var isBroken = true
      harness.kernel = StandInBackend(backend) { step throws(DeviceError) in
        try backend.perform(step)
        guard isBroken, step.target == "nmem1" else { return }
        isBroken = false
        throw DeviceError(.failed, "cannot \(step.words): Input/output error", errno: 5)
      }
      let answer = harness.run("dimm set-alarm nmem0 nmem1 --spares 40")
      #expect(answer.status == .failed && answer.err.contains("nothing was changed"), "\(answer.err)")
      harness.kernel = nil
    }()
    #expect(harness.run("dimm health --json").out == before)
  }

  // MARK: Firmware

  @Test func firmwareIsStagedArmedAndActivated() throws {
    let harness = try machine()
    let image = harness.machine + ".bin"
    #expect(harness.run("dimm firmware arm nmem0").status == .failed)
    #expect(harness.run("dimm firmware update all --image \(image)").status == .notSupported)
    #expect(harness.run("dimm firmware update nmem0 nmem1 --image \(image)").status == .done)
    let again = harness.run("dimm firmware update nmem0 --image \(image)")
    #expect(again.status == .failed && again.err.contains("0x2 staged"), "\(again.err)")
    #expect(harness.run("dimm firmware activate ndbus0 --yes").status == .failed)
    #expect(harness.run("dimm firmware arm nmem0").status == .done)
    #expect(harness.run("dimm firmware activate ndbus0").status == .refused)
    let activated = harness.run("dimm firmware activate ndbus0 --yes --json")
    let firmware = try #require(try first(activated)["firmware"] as? [String: Any])
    #expect(firmware["current_version"] as? Int == 2 && firmware["activate_result"] as? String == "success")
    harness.run(["sim", "reboot", harness.machine])
    let show = harness.run("dimm firmware show nmem1 --json")
    #expect(show.out.contains("\"current_version\": 2") && !show.out.contains("next_version"), "\(show.out)")
  }

  @Test(arguments: [("/dev/null", "the image is empty"), ("LARGE", "has room for 4")])
  func anImageThatCannotBeIsSeenBefore(name: String, reason: String) throws {
    let harness = try machine()
    harness.run("sim set-firmware nmem1 --storage 4")
    let image = name == "LARGE" ? harness.machine + ".bin" : name
    let refused = harness.run("dimm firmware update nmem0 nmem1 --image \(image)")
    #expect(refused.status == .failed && refused.err.contains(reason), "\(refused.err)")
    #expect(!harness.run("dimm firmware show --json").out.contains("next_version"))
  }

  @Test func anUpdateThatSomebodyLeftOpenIsAbandonedOnlyIfAsked() throws {
    let harness = try machine()
    harness.run("sim set-firmware nmem0 --open-update")
    let image = harness.machine + ".bin"
    #expect(harness.run("dimm firmware update nmem0 --image \(image)").status == .failed)
    #expect(harness.run("dimm firmware update nmem0 --image \(image) --abandon-open").status == .done)
  }

  /// Each step takes effect and then fails: the report is what happened.
  @Test(arguments: [
    (
      "dimm firmware update nmem0 --image IMAGE",
      "the firmware of nmem0 was 0x1, nothing staged, idle, and is 0x1, 0x2 staged"
    ),
    ("bus scrub start ndbus0", "the scrub of ndbus0 was idle after 0, and is idle after 1"),
    (
      "namespace inject-error files --block 8",
      "the list of injected errors of namespace0.0 was empty, and is 8+1"
    ),
    ("dimm inject-smart nmem0 --fatal", "the health of nmem0 was"),
  ])
  func aStepThatFailsAfterItsEffectIsTold(line: String, difference: String) throws {
    let harness = try machine()
    harness.run("sim set-health nmem0 --complete")
    try {
      let machine = try SimMachine.open(FilePath(harness.machine), forWriting: true)
      let backend = SimBackend(machine)
      harness.kernel = StandInBackend(backend) { step throws(DeviceError) in
        try backend.perform(step)
        throw DeviceError(.failed, "cannot \(step.words): Input/output error", errno: 5)
      }
      let answer = harness.run(
        line.replacingOccurrences(of: "IMAGE", with: harness.machine + ".bin") + " --yes")
      #expect(answer.status == .failed && answer.err.contains(difference), "\(answer.err)")
      #expect(!answer.err.contains("nothing was changed"))
      harness.kernel = nil
    }()
  }

  // MARK: Overwriting

  @Test func anOverwriteIsCompletedByItsWait() throws {
    let harness = try machine()
    harness.run("sim set-security nmem0")
    harness.run("dimm security setup --new-master-key nmem0")
    #expect(harness.run("dimm security overwrite nmem0 --yes").status == .refused)
    let begun = harness.run("dimm security overwrite nmem0 --erase-all-data --yes")
    #expect(begun.status == .done && begun.err.contains("pmemctl dimm security wait nmem0"), "\(begun.err)")
    let completed = harness.run("dimm security wait nmem0 --json")
    let security = try first(completed)
    #expect(security["security"] as? String == "disabled")
    #expect((security["keys"] as? [String: Any])?["current"] as? Bool == false)
    #expect(!harness.run("region show region0 --json").out.contains("disabled"))
    harness.run("region disable region0")
    #expect(harness.run("dimm security wait nmem0").status == .done)
    #expect(harness.run("region show region0 --json").out.contains("disabled"), "it was completed before")
    #expect(harness.run("dimm security wait nmem0").status == .done)
  }

  @Test func whatIsBeingOverwrittenIsOfNoUse() throws {
    let harness = try machine()
    harness.run("sim set-security nmem0 --overwrite-seconds 1000")
    harness.run("dimm security overwrite nmem0 --erase-all-data --yes")
    #expect(harness.run("dimm security show nmem0 --json").out.contains("\"security\": \"overwrite\""))
    harness.run(["sim", "reboot", harness.machine])
    #expect(harness.run("region enable region0").status == .failed)
    #expect(harness.run("dimm security setup nmem0").status == .failed)
    #expect(harness.run("dimm security overwrite nmem0 --erase-all-data --yes").status == .failed)
    #expect(harness.run("dimm security wait nmem0").status == .interrupted)
    #expect(harness.run("doctor").out.contains("nmem0: it is overwriting all its data"))
    #expect(!harness.run("namespace list").out.contains("files"))
  }

  @Test func loadedKeysAreListed() throws {
    let harness = try machine()
    #expect(harness.run("keys load").out.hasPrefix("no keys in"))
    harness.run("sim set-security nmem0")
    harness.run("dimm security setup --new-master-key nmem0")
    let loaded = harness.run("keys load").out
    #expect(loaded == "master key: in the keyring already\nnmem0: in the keyring already\n")
  }
}
