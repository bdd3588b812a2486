import Foundation
import Testing

/// The care of DIMMs under the old names, on a simulated machine that has all of it.
@Suite struct CareTests {
  private func equipped() throws -> PersonalityHarness {
    let harness = try PersonalityHarness("--dimm 2GiB --dimm 2GiB")
    harness.run("pmemctl sim set-platform --scrub-seconds 0 --activation live")
    for dimm in ["nmem0", "nmem1"] {
      for verb in ["set-health \(dimm) --complete", "set-security \(dimm)", "set-firmware \(dimm)"] {
        #expect(harness.run("pmemctl sim \(verb)").status == 0)
      }
    }
    return harness
  }

  @Test func scrubsPrintTheirBus() throws {
    let harness = try equipped()
    for line in ["ndctl start-scrub", "ndctl wait-scrub ACPI.NFIT", "ndctl list -BF"] {
      let answer = harness.run(line)
      #expect(answer.status == 0 && answer.err.isEmpty, "\(line): \(answer.err)")
      #expect(
        answer.out == """
          [
            {
              "provider":"ACPI.NFIT",
              "dev":"ndbus0",
              "scrub_state":"idle",
              "firmware":{
                "activate_method":"live",
                "activate_state":"idle"
              }
            }
          ]

          """, "\(line)")
    }
  }

  @Test func errorsAreInjectedListedAndWithdrawn() throws {
    let harness = try equipped()
    harness.run("ndctl create-namespace -r region0 -m raw -s 64M")
    let injected = harness.run("ndctl inject-error namespace0.0 -B 0x10 -n 2")
    #expect(injected.status == 0 && injected.out.contains("\"offset\":16,"), "\(injected.err)")
    let status = "{\n  \"badblocks\":[\n    {\n      \"block\":16,\n      \"count\":2\n    }\n  ]\n}\n"
    #expect(harness.run("ndctl inject-error -t namespace0.0").out == status)
    let withdrawn = harness.run("ndctl inject-error namespace0.0 --uninject --block 16 --count 2")
    #expect(withdrawn.status == 0 && withdrawn.out.hasPrefix("Warning: Un-injecting"), "\(withdrawn.err)")
    #expect(withdrawn.out.contains("\n\n{\n  \"dev\":\"namespace0.0\","))
    #expect(harness.run("ndctl inject-error -t namespace0.0").out.isEmpty)
    // The kernel lists them until they are cleared.
    #expect(harness.run("ndctl list -M -n namespace0.0").out.contains("badblock_count"))
    #expect(harness.run("ndctl clear-errors --scrub namespace0.0").status == 0)
    #expect(!harness.run("ndctl list -M -n namespace0.0").out.contains("badblock_count"))
  }

  @Test func onlyAScrubFindsWhatIsInjectedSilently() throws {
    let harness = try equipped()
    harness.run("ndctl create-namespace -r region0 -m raw -s 64M")
    #expect(!harness.run("ndctl inject-error -N namespace0.0 -B 8 -n 1").out.contains("badblock_count"))
    harness.run("ndctl start-scrub")
    #expect(harness.run("ndctl list -M -n namespace0.0").out.contains("\"badblock_count\":1"))
  }

  @Test func healthIsInjectedAndWithdrawn() throws {
    let harness = try equipped()
    let hot = harness.run("ndctl inject-smart nmem0 -m 90.5 --spares=3 -f")
    #expect(hot.status == 0, "\(hot.err)")
    #expect(hot.out.contains("\"temperature_celsius\":90.5,"))
    #expect(hot.out.contains("\"spares_percentage\":3,") && hot.out.contains("\"health_state\":\"fatal\","))
    #expect(harness.run("ndctl inject-smart nmem0 -F").out.contains("\"health_state\":\"ok\","))
    #expect(harness.run("ndctl inject-smart nmem0 --uninject-all").out.contains("\"spares_percentage\":100,"))
  }

  @Test func firmwareIsStagedArmedAndActivated() throws {
    let harness = try equipped()
    let staged = harness.run("ndctl update-firmware -f \(harness.path)/machine/machine all")
    #expect(staged.status == 0 && staged.err == "updated 2 nmems.\n", "\(staged.err)")
    #expect(staged.out.split(separator: "\n").count { $0.contains("\"activate_state\":\"armed\"") } == 2)
    let again = harness.run("ndctl update-firmware -f \(harness.path)/machine/machine nmem1")
    #expect(again.status == 1 && again.err.contains("staged already"), "\(again.err)")
    #expect(harness.run("ndctl update-firmware -D nmem1").out.contains("\"activate_state\":\"idle\""))
    let dry = harness.run("ndctl activate-firmware -n")
    #expect(dry.status == 0 && dry.out.contains("\"next_version\":\"0x2\""), "\(dry.err)")
    let done = harness.run("ndctl activate-firmware ndbus0")
    #expect(done.status == 0 && done.out.contains("\"current_version\":\"0x2\""), "\(done.err)")
    #expect(harness.run("ndctl activate-firmware").err.contains("no devices armed"))
  }

  @Test func keysAreLoadedAndDIMMsOverwritten() throws {
    let harness = try equipped()
    harness.run("pmemctl dimm security setup nmem1 --new-master-key")
    #expect(harness.run("ndctl load-keys").out == "0 nvdimm keys loaded\n")
    harness.run("ndctl disable-region all")
    let issued = harness.run("ndctl sanitize-dimm --overwrite nmem1")
    #expect(issued.status == 0 && issued.err == "overwrite issued for 1 nmem.\n", "\(issued.err)")
    #expect(harness.run("ndctl wait-overwrite nmem1").status == 0)
    #expect(harness.run("ndctl list -D -d nmem1").out.contains("\"security\":\"disabled\""))
  }

  @Test func frozenSecurityIsShown() throws {
    let harness = try equipped()
    harness.run("pmemctl dimm security setup nmem0 --new-master-key")
    #expect(harness.run("ndctl freeze-security nmem0").status == 0)
    #expect(harness.run("ndctl list -D -d nmem0").out.contains("\"security_frozen\":true"))
  }

  @Test(
    arguments: [
      (
        "ndctl inject-error namespace0.0 -B 999999999 -n 1", 234,
        "Unable to inject error: Invalid argument (-22)"
      ),
      ("ndctl inject-error namespace0.0 -B 1", 234, "block and count required for inject/uninject"),
      ("ndctl inject-error namespace0.0 -t -d", 234, "status is invalid with inject or uninject"),
      ("ndctl inject-error namespace0.0 -B x -n 1", 234, "Invalid block: x"),
      ("ndctl inject-error -B 1 -n 1", 129, "specify a namespace to inject error to"),
      ("ndctl inject-error namespace9.0 -t", 250, "namespace9.0: no such namespace"),
      ("ndctl inject-smart nmem0", 234, "No valid operation specified"),
      ("ndctl inject-smart nmem0 -s 300", 234, "Invalid spares: 300"),
      (
        "ndctl inject-smart nmem0 -s 3 --spares-uninject", 234,
        "Cannot use spares inject and uninject together"
      ),
      ("ndctl inject-smart nmem9 -f", 250, "nmem9: no such dimm"),
      ("ndctl inject-smart nmem0 nmem1 -f", 129, "unknown extra parameter \"nmem1\""),
      ("ndctl update-firmware nmem0", 129, "require --arm, or --disarm"),
      (
        "ndctl update-firmware -f /nonexistent nmem0", 1,
        "failed to open: /nonexistent: (No such file or directory)"
      ),
      ("ndctl update-firmware -f /dev/null nmem0", 1, "Input file size is 0."),
      ("ndctl update-firmware -f / nmem0", 1, "Input not a regular file."),
      ("ndctl activate-firmware", 250, "no devices armed"),
      ("ndctl load-keys -p /nonexistent", 254, "Change current work dir to /nonexistent failed"),
    ] as [(String, Int32, String)])
  func failuresHaveTheStatusAndTheTextOfTheTool(line: String, status: Int32, text: String) throws {
    let harness = try equipped()
    harness.run("ndctl create-namespace -r region0 -m raw -s 64M")
    let answer = harness.run(line)
    #expect(answer.status == status, "\(answer.err)")
    #expect(answer.err.contains(text), "\(answer.err)")
    #expect(answer.out.isEmpty)
  }

  // MARK: Alarms

  @Test func thresholdsAndAlarmsAreSetWithWhatIsInjected() throws {
    let harness = try equipped()
    let line = "ndctl inject-smart nmem0 -M 40.5 -S 30 --ctrl-temperature-alarm=off -s 20"
    let answer = harness.run(line)
    #expect(answer.status == 0 && answer.err.isEmpty, "\(answer.err)")
    for text in [
      "\"temperature_threshold\":40.5,", "\"alarm_enabled_ctrl_temperature\":false,",
      "\"spares_threshold\":30,", "\"alarm_spares\":true,", "\"spares_percentage\":20,",
    ] { #expect(answer.out.contains(text), "\(text): \(answer.out)") }
    #expect(!answer.out.contains("controller_temperature_threshold"), "it is not watched")
    harness.run("ndctl inject-smart nmem0 -N")
    #expect(
      harness.run("ndctl list -H -d nmem0").out.contains("\"spares_threshold\":30,"), "it is not injected")
    for wrong in ["-M hot", "-S 101", "--spares-alarm=maybe"] {
      #expect(harness.run("ndctl inject-smart nmem0 \(wrong)").status == 234, "\(wrong)")
    }
  }

  // MARK: The monitor

  /// The events of a monitor: which DIMM, and what is true of it.
  private func events(_ answer: PersonalityHarness.Answer) throws -> [String] {
    try answer.err.split(separator: "\n").map { line in
      let parsed = try? JSONSerialization.jsonObject(with: Data(line.utf8))
      let object = try #require(parsed as? [String: Any], "\(line)")
      #expect(line.hasPrefix("{\"timestamp\":\"") && !line.contains(": "), "\(line)")
      let dimm = try #require((object["dimm"] as? [String: Any])?["dev"] as? String)
      let event = try #require(object["event"] as? [String: Bool])
      return ([dimm] + event.filter(\.value).keys.sorted()).joined(separator: " ")
    }
  }

  @Test func aMonitorReportsEachEventOnce() throws {
    let harness = try equipped()
    harness.run("ndctl inject-smart nmem1 -U")
    harness.meanwhile = [
      "ndctl inject-smart nmem0 -f", "ndctl list", "ndctl inject-smart nmem0 -s 1",
      "ndctl inject-smart nmem0 -N",
    ]
    let answer = harness.run("ndctl monitor")
    #expect(
      try events(answer) == [
        "nmem1 dimm-unclean-shutdown", "nmem0 dimm-health-state", "nmem0 dimm-spares-remaining",
        "nmem0 dimm-health-state",
      ])
    #expect(answer.status == 0 && answer.out.isEmpty)
  }

  @Test func aMonitorWatchesWhatItIsToldTo() throws {
    let harness = try equipped()
    harness.run("pmemctl dimm set-alarm all --spares off")
    let file = harness.path + "/monitor.conf"
    try "[monitor]\n# of one DIMM\ndimm = nmem1\ndimm-event = dimm-spares-remaining\n".write(
      toFile: file, atomically: true, encoding: .utf8)
    harness.meanwhile = ["ndctl inject-smart nmem0 -s 1", "ndctl inject-smart nmem1 -s 1 -f"]
    let answer = harness.run("ndctl monitor -c \(file)")
    #expect(try events(answer) == ["nmem1 dimm-spares-remaining"], "it has the DIMM watch its alarm")
    #expect(!answer.err.contains("dimm-health-state"), "\(answer.err)")
    let log = harness.path + "/log"
    #expect(harness.run("ndctl monitor -b ACPI.NFIT -d nmem0 -l \(log)").err.isEmpty)
    #expect(try String(contentsOfFile: log, encoding: .utf8).contains("\"dev\":\"nmem0\""))
  }

  @Test(arguments: [
    ("ndctl monitor -d nmem9", Int32(250), "no dimms to monitor, exiting\n"),
    ("ndctl monitor -D wrong", 0, ""), ("ndctl monitor -c /nothing/here", 254, ""),
    ("ndctl monitor -l /nothing/here", 254, ""), ("ndctl monitor extra", 129, ""),
  ])
  func aMonitorWithoutWorkEnds(line: String, status: Int32, out: String) throws {
    let answer = try equipped().run(line)
    #expect(answer.status == status && answer.out == out, "\(answer.out)\(answer.err)")
  }
}
