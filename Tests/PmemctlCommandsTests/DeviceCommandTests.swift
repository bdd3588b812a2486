import PmemctlCommands
import Testing

/// DAX devices as programs and the kernel have them.
@Suite struct DeviceCommandTests {
  /// A devdax namespace "a" of 1008 MiB, dax0.0.
  private func machine() throws -> CommandHarness {
    let harness = try CommandHarness.standard()
    let made = harness.run("namespace create --region region0 --mode devdax --size 1008MiB --name a")
    #expect(made.status == .done, "\(made.err)")
    return harness
  }

  @Test func whatAChangeResetsIsNamedBefore() throws {
    let harness = try machine()
    #expect(harness.run("device reconfigure --mode system-ram a --no-online").status == .done)
    let plan = harness.run("namespace rename a b --dry-run")
    #expect(plan.out.contains("dax0.0 is system-ram (offline), and will be devdax again"))
    let rename = harness.run("namespace rename a b")
    #expect(rename.err.contains("will be devdax again"))
    #expect(!harness.run("namespace rename b c --dry-run").out.contains("devdax again"))
  }

  @Test func itBecomesSystemRAMAndComesBack() throws {
    let harness = try machine()
    let plan = harness.run("device reconfigure --mode system-ram a --dry-run")
    try expectGolden(plan.out, "plan-system-ram.txt")
    #expect(harness.run("device reconfigure --mode system-ram a").status == .done)
    let list = harness.run("device list --json").out
    #expect(list.contains("\"online_memblocks\": 6") && list.contains("\"movable\": true"))
    for line in ["namespace disable a", "device disable a", "region disable region0"] {
      let answer = harness.run(line)
      #expect(answer.status == .refused, "\(line)")
      #expect(answer.err.contains("6 of 6 memory blocks online"))
    }
    #expect(harness.run("device reconfigure --mode devdax a").status == .refused)
    #expect(harness.run("device reconfigure --mode devdax --force a").status == .done)
    #expect(harness.run("device list --json").out.contains("\"devdax\""))
  }

  @Test func whatIsOfflineMayGo() throws {
    let harness = try machine()
    harness.run("device reconfigure --mode system-ram --no-online a")
    #expect(harness.run("device list").out.contains("offline, 6 blocks"))
    #expect(harness.run("device online --no-movable a").status == .done)
    #expect(harness.run("device list").out.contains("not movable"))
    #expect(harness.run("device offline a").err.contains("not in ZONE_MOVABLE"))
    #expect(harness.run("namespace disable a").status == .done)
    #expect(harness.run("namespace enable a").status == .done)
    #expect(harness.run("device list --json").out.contains("\"devdax\""))
  }

  @Test(arguments: ["disable a", "reconfigure --mode system-ram a"])
  func whoeverMapsItIsInTheWay(verb: String) throws {
    let harness = try machine()
    harness.run("sim process start user --pid 7")
    harness.run("sim map 7 dax0.0")
    let answer = harness.run("device \(verb)")
    #expect(answer.status == .refused && answer.err.contains("user (7)"))
    let broken = harness.run("device \(verb) --break-mappings --yes")
    #expect(broken.status == .done, "\(broken.err)")
    #expect(harness.run("sim touch 7 0x7f0000200000").err.contains("SIGBUS"))
  }

  @Test func aPinnedDeviceIsNeverTakenAway() throws {
    let harness = try machine()
    harness.run("sim process start user --pid 7")
    harness.run("sim map 7 dax0.0")
    harness.run("sim pin 7 0x7f0000200000 --length 2MiB --kind rdma")
    #expect(harness.run("device disable a --break-mappings --yes").status == .refused)
  }

  @Test func withoutADriverNobodyMapsIt() throws {
    let harness = try machine()
    harness.run("device disable a")
    harness.run("sim process start user --pid 7")
    #expect(harness.run("sim map 7 dax0.0").status == .failed)
    #expect(harness.run("device enable a").status == .done)
    #expect(harness.run("sim map 7 dax0.0").status == .done)
  }

  @Test(arguments: [
    ("device create", Status.notSupported), ("device destroy a --force", .notSupported),
    ("device reconfigure --size 1GiB a", .notSupported), ("device online a", .failed),
    ("device offline a", .failed), ("device reconfigure a", .usage),
    ("device reconfigure --mode raw a", .usage), ("device reconfigure --mode devdax --no-online a", .usage),
    ("device disable dax9.9", .notFound), ("device create --size 0", .usage),
    ("device create --size nonsense", .usage),
  ]) func whatCannotBeIsSaid(line: String, status: Status) throws {
    let harness = try machine()
    let before = harness.run("device list --json").out
    let answer = harness.run(line)
    #expect(answer.status == status, "\(answer.err)")
    #expect(harness.run("device list --json").out == before)
  }

  @Test func aDeviceSmallerThanABlockStaysWhatItIs() throws {
    let harness = try machine()
    harness.run("namespace create --region region1 --mode devdax --size 128MiB --name small")
    let answer = harness.run("device reconfigure --mode system-ram small")
    #expect(answer.status == .failed && answer.err.contains("fills a memory block"))
  }

  @Test func kernelsBefore51HaveNoSystemRAM() throws {
    let harness = try CommandHarness()
    harness.run(["sim", "create", harness.machine, "--dimm", "2GiB", "--kernel", "4.20"])
    harness.run("namespace create --mode devdax --size 1GiB")
    #expect(harness.run("device reconfigure --mode system-ram dax0.0").status == .notSupported)
  }
}
