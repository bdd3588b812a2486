import PmemctlCommands
import Testing

/// The commands of the memory model: what they say, and that bad input changes nothing.
@Suite struct ModelCommandTests {
  private func machine(_ kernel: String = "6.18") throws -> CommandHarness {
    let harness = try CommandHarness()
    harness.run(["sim", "create", harness.machine, "--dimm", "1GiB", "--kernel", kernel])
    for line in [
      "namespace create --mode fsdax --size 256MiB --name files",
      "namespace create --mode devdax --size 256MiB --name dev", "sim mount files /srv --dax always",
      "sim file create /srv/f --size 64KiB", "sim process start app --pid 7", "sim process start nic --pid 8",
      "sim map 8 /srv/f", "sim map 8 dev",
    ] {
      #expect(harness.run(line).status == .done, "\(line)")
    }
    return harness
  }

  @Test func badInputIsSaidAndChangesNothing() throws {
    let harness = try machine()
    let before = harness.run("sim process list --json").out + harness.run("sim file list --json").out
    for (line, status) in [
      ("sim truncate 7 /srv/f", Status.usage), ("sim truncate 7 /srv/f --size much", .usage),
      ("sim truncate 9 /srv/f --size 0", .notFound), ("sim truncate 7 /srv/g --size 0", .notFound),
      ("sim truncate 7 /srv/f --size 1TiB", .failed), ("sim write 7 /srv/f --offset 1MiB", .failed),
      ("sim read 9 /srv/f", .notFound), ("sim writeback 7 /nowhere", .notFound),
      ("sim commit /nowhere", .notFound),
      ("sim commit dev", .failed), ("sim dma 1", .notFound), ("sim io finish 1", .notFound),
      ("sim io begin 8 /srv/f /srv/g", .notFound), ("sim io begin 7 /srv/f /srv/f", .notFound),
      ("sim io begin 8 /srv/f /srv/f --length 100", .failed), ("sim unbind 9 dev", .notFound),
      ("sim unbind 7 nosuch", .notFound), ("sim unbind 7 files", .failed), ("sim bind nosuch", .notFound),
      ("sim provider create x --kind tape", .usage), ("sim provider create x --size 1000", .usage),
      ("sim provider create x --size 0", .failed), ("sim provider remove x", .failed),
      ("sim provider pool x 1", .failed), ("sim provider update x", .failed),
      ("sim direct-access 7 x", .notFound),
      ("sim direct-access 7 files --page 99999999", .failed), ("sim policy set truncate hope", .usage),
      ("sim policy set hope wait", .usage), ("sim policy explain hope", .usage),
      ("sim pin 8 dev --number 0", .failed),
      ("sim fault begin 8 dev --number 0", .failed), ("sim run", .usage), ("sim run /nowhere", .notFound),
      ("sim explore /nowhere", .notFound), ("sim timeline /nowhere", .notFound),
      ("sim run /nowhere --without hope", .usage), ("sim run /nowhere --most -1", .usage),
    ] {
      let answer = harness.run(line)
      #expect(answer.status == status && !answer.err.isEmpty, "\(line): \(answer.status) \(answer.err)")
    }
    #expect(harness.run("sim process list --json").out + harness.run("sim file list --json").out == before)
    #expect(harness.run("sim check").status == .done)
  }

  @Test func whoWaitsIsToldAndWhoGoesOn() throws {
    let harness = try machine()
    harness.run("sim policy set long-term allow")
    #expect(harness.run("sim pin 8 /srv/f --kind rdma --number 5").out == "5\n")
    let waits = harness.run("sim truncate 7 /srv/f --size 0 --json")
    #expect(waits.status == .done && waits.out.contains("\"outcome\": \"waits\""))
    #expect(waits.out.contains("\"waits_for\": \"pin 5 of process 8 holds pages of it\""), "\(waits.out)")
    #expect(harness.run("sim process list").out.contains("pin 5 of process 8"))
    // Who waits does nothing else.
    #expect(harness.run("sim truncate 7 /srv/f --size 0").status == .failed)
    let released = harness.run("sim unpin 5 --json")
    #expect(released.out.contains("\"pid\": 7"), "\(released.out)")
    #expect(!harness.run("sim process list").out.contains("pin 5"))
  }

  @Test func aPolicyLastsUntilTheNextBoot() throws {
    let harness = try machine()
    harness.run("sim policy set truncate delay-free")
    let chosen = harness.run("sim policy list").out
    #expect(chosen.contains(#/truncate +delay-free +choice/#))
    harness.run(["sim", "reboot", harness.machine])
    #expect(harness.run("sim policy list").out.contains(#/truncate +wait +kernel/#))
  }

  @Test func freezingIsAPolicyToo() throws {
    let harness = try machine()
    harness.run("sim touch 8 /srv/f --write")
    harness.run("sim policy set filesystem-freeze none")
    #expect(harness.run("sim freeze /srv").out.contains("0 page table entries"))
    #expect(harness.run("sim touch 8 /srv/f --write").err.isEmpty)
    #expect(harness.run("sim check").out.contains("store-while-frozen"))
    harness.run("sim thaw /srv")
    harness.run("sim policy set filesystem-freeze kernel")
    #expect(harness.run("sim freeze /srv").out.contains("1 page table entries"))
    #expect(harness.run("sim touch 8 /srv/f --write").err.contains("process 8 waits"))
  }

  @Test(arguments: [
    ("4.5", "free", "allow", "storage-wait", "each-get"),
    ("4.12", "free", "allow", "storage-wait", "each-page"),
    ("4.20", "wait-if-mapped", "refuse", "storage-wait", "each-page"),
    ("5.18", "wait-if-mapped", "refuse", "storage", "none"),
    ("6.12", "wait-if-mapped", "refuse", "storage", "none"),
    ("6.18", "wait", "refuse", "storage", "none"),
  ])
  func eachKernelHasItsOwn(
    kernel: String, truncate: String, longTerm: String, teardown: String, reference: String
  )
    throws
  {
    let harness = try CommandHarness()
    harness.run(["sim", "create", harness.machine, "--dimm", "1GiB", "--kernel", kernel])
    let list = harness.run("sim policy list").out.split(separator: "\n").map {
      $0.split(separator: " ").prefix(2)
    }
    let found = Dictionary(uniqueKeysWithValues: list.map { (String($0[0]), String($0[1])) })
    #expect(found["truncate"] == truncate && found["long-term"] == longTerm)
    #expect(found["teardown"] == teardown && found["page-reference"] == reference)
  }

  @Test func thePoliciesAreExplained() throws {
    let harness = try CommandHarness()
    try expectGolden(harness.run("sim policy explain").out, "sim-policy-explain.txt")
    let json = harness.run("sim policy explain truncate --json").out
    #expect(json.contains("\"proposer\"") && json.contains("\"outcome\""))
  }

  /// pmemctl's own guard sees what the model has: pins, waits and a device on its way out.
  @Test func destructiveVerbsSeeTheModel() throws {
    let harness = try machine("4.20")
    harness.run("sim pin 8 dev --length 2MiB --kind rdma --number 1")
    #expect(harness.run("namespace disable dev --break-mappings --yes").status == .refused)
    #expect(harness.run("sim unbind 7 dev").err.contains("process 7 waits"))
    #expect(harness.run("user list dev --json").out.contains("\"kind\": \"pin\""))
    #expect(harness.run("pin list dev").out.contains("nic (8)"))
    #expect(harness.run("sim unpin 1").err.contains("process 7 goes on"))
    #expect(harness.run("namespace enable dev").status == .done)
    #expect(harness.run("pin list dev").out.contains("nothing pinned"))
    #expect(harness.run("namespace destroy --force dev").status == .done)
  }
}
