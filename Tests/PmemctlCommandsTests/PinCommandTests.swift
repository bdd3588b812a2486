import Foundation
import PmemctlCommands
import TestSupport
import Testing

/// Pins, files, mounts and stacks on a simulated machine, through the command line.
@Suite struct PinCommandTests {
  private func machine(_ more: [String] = [], kernel: String = "6.12") throws -> CommandHarness {
    let harness = try CommandHarness()
    for line in [
      "sim create \(harness.machine) --dimm 4GiB --kernel \(kernel)",
      "namespace create --mode devdax --size 512MiB --name vm",
      "namespace create --mode fsdax --size 512MiB --name files",
      "namespace create --mode devdax --align 4KiB --size 512MiB --name small",
      "namespace create --mode fsdax --size 512MiB --name more",
      "sim process start qemu --pid 812",
    ] + more {
      let answer = harness.run(line)
      #expect(answer.status == .done, "\(line): \(answer.err)")
    }
    return harness
  }

  private static let pinned = [
    "sim map 812 dax0.0", "sim pin 812 dax0.0 --offset 128MiB --length 64MiB --kind rdma",
    "sim pin 812 dax0.0 --offset 190MiB --length 8MiB", "sim map 812 small",
    "sim pin 812 dax0.2 --length 1MiB", "sim pin 812 dax0.2 --length 64KiB --kind vmsplice",
    "sim stack create data pmem0.1 pmem0.3", "sim mount data /srv", "sim file create /srv/db --size 600MiB",
    "sim map 812 /srv/db --sync", "sim pin 812 /srv/db --offset 480MiB --length 30MiB --kind direct-io",
  ]

  @Test func pinsAreListedWithTheirHolders() throws {
    let harness = try machine(Self.pinned)
    try expectGolden(harness.run("pin list").out, "pin-list.txt")
    try expectGolden(harness.run("pin list --json").out, "pin-list.json")
    try expectGolden(
      harness.run(["pin", "list", "vm"], unicode: false, width: 60).out, "pin-list-narrow-ascii.txt")
    try expectGolden(harness.run("user list").out, "user-list-all.txt")
    try expectGolden(harness.run("mapping list").out, "mapping-list-files.txt")
    #expect(harness.run("pin list nosuch").status == .notFound)
    #expect(harness.run("mapping list /srv/db --json").out.contains("\"path\": \"/srv/db\""))
  }

  @Test func pinnedMemoryIsNotTakenAway() throws {
    let harness = try machine(["sim map 812 dax0.0", "sim pin 812 dax0.0 --length 4MiB --kind rdma"])
    let address = harness.run("mapping list --json").out
    #expect(address.contains("\"dax\": true"))
    let start = try #require(address.firstMatch(of: #/"start": (\d+)/#)?.1)
    #expect(harness.run("sim unmap 812 0x\(String(UInt64(start) ?? 0, radix: 16))").status == .done)
    #expect(harness.run("mapping list --json").out == "[]\n")
    for line in ["namespace disable vm", "namespace destroy --force vm", "region disable region0"] {
      let refused = harness.run(line)
      #expect(refused.status == .refused)
      #expect(refused.err.contains("the kernel would crash when the pin is released"), "\(refused.err)")
      #expect(refused.err.contains("qemu (812): RDMA memory region on sim, 4 MiB"))
    }
    #expect(harness.run("sim unpin 1").status == .done)
    #expect(harness.run("namespace disable vm").status == .done)
  }

  @Test(arguments: [("4.20", "waits"), ("6.1", "crash"), ("6.12", "crash"), ("6.18", "crash")])
  func whatATeardownDoesIsTheKernels(kernel: String, effect: String) throws {
    let harness = try machine(
      ["sim map 812 dax0.0", "sim pin 812 dax0.0 --length 4MiB --kind rdma"], kernel: kernel)
    #expect(harness.run("user list --json").out.contains("\"effect\": \"\(effect)\""))
    #expect(harness.run("pin list --json").out.contains("\"disable\": \"\(effect)\""))
  }

  @Test func orphansAreNobodys() throws {
    let harness = try machine(["sim map 812 small", "sim pin 812 small --length 8KiB --kind vfio"])
    #expect(harness.run("pin list --json").out.contains("\"class\": \"pinned\""))
    #expect(harness.run("sim process stop 812").status == .done)
    let json = harness.run("pin list --json").out
    #expect(json.contains("\"class\": \"orphan\"") && json.contains("\"holders\": []"))
    #expect(harness.run("pin list").out.contains("no process left"))
    #expect(harness.run("sim unpin 1").status == .notFound)
    #expect(harness.run("namespace disable small").status == .refused)
  }

  /// What a flag names is done, but never to pinned memory.
  @Test func mappingsAreBrokenOnlyWhenThatIsNamed() throws {
    let harness = try machine(["sim map 812 vm --length 4MiB", "sim open 812 vm"])
    let start = try #require(harness.run("mapping list --json").out.firstMatch(of: #/"start": (\d+)/#)?.1)
    let address = "0x" + String(UInt64(start) ?? 0, radix: 16)
    #expect(harness.run("namespace disable vm").err.contains("--break-mappings disables it"))
    #expect(harness.run("sim pin 812 \(address) --length 4KiB").status == .done)
    let pinned = harness.run("namespace disable vm --break-mappings --yes")
    #expect(pinned.status == .refused && !pinned.err.contains("--break-mappings takes"), "\(pinned.err)")
    #expect(harness.run("sim unpin 1").status == .done)
    let unasked = harness.run("namespace disable vm --break-mappings")
    #expect(unasked.status == .refused && unasked.err.contains("no terminal to ask on"), "\(unasked.err)")
    let plan = harness.run("region disable region0 --break-mappings --dry-run")
    #expect(plan.status == .done && plan.out.contains("answered with SIGBUS"), "\(plan.out)")
    #expect(harness.run("sim touch 812 \(address)").status == .done)
    let done = harness.run("namespace disable vm --break-mappings --yes")
    #expect(done.status == .done && done.err.contains("qemu (812)"), "\(done.err)")
    #expect(harness.run("sim touch 812 \(address)").err.contains("killed by SIGBUS"))
    // A mounted filesystem is not a mapping.
    let mounted = try machine(["sim mount files /srv", "sim file create /srv/f", "sim map 812 /srv/f"])
    #expect(mounted.run("namespace destroy --force files --break-mappings --yes").status == .refused)
  }

  @Test func orphansAreForgottenOnlyWhenThatIsNamed() throws {
    let harness = try machine([
      "sim map 812 small", "sim pin 812 small --length 8KiB --kind vfio", "sim process stop 812",
    ])
    #expect(harness.run("namespace disable small").err.contains("--discard-orphan-pins forgets"))
    #expect(harness.run("namespace disable small --break-mappings --yes").status == .refused)
    #expect(harness.run("namespace disable small --discard-orphan-pins --yes").status == .done)
    #expect(harness.run("namespace enable small").status == .done)
    #expect(harness.run("pin list small --json").out == "[]\n")
  }

  @Test func theKernelsRulesOfPinsHold() throws {
    let harness = try machine([
      "sim mount files /srv", "sim file create /srv/f --size 8MiB", "sim map 812 /srv/f", "sim map 812 vm",
      "sim mount more /cold --dax never", "sim file create /cold/f --size 8MiB", "sim map 812 /cold/f",
    ])
    for (line, status) in [
      ("sim pin 812 /srv/f --kind rdma", Status.failed), ("sim pin 812 /srv/f --kind io_uring", .failed),
      ("sim pin 812 /srv/f --kind vfio", .failed), ("sim pin 812 /srv/f --kind vmsplice", .done),
      ("sim pin 812 /cold/f --kind direct-io", .done), ("sim pin 812 /cold/f --kind rdma", .failed),
      ("sim pin 812 vm --kind nosuch", .usage),
      ("sim pin 812 vm --length 1GiB", .failed), ("sim pin 812 small", .notFound),
      ("sim pin 5 vm", .notFound),
      ("sim pin 812 0x10", .failed), ("sim unpin 99", .notFound), ("sim map 812 /cold/f --sync", .failed),
      ("sim map 812 /nowhere", .notFound), ("sim mount vm /x", .failed),
      ("sim mount files /y --dax never", .failed),
      ("sim mount files relative", .failed), ("sim mount files /srv", .failed),
      ("sim mount files /z --type vfat", .usage),
      ("sim umount /srv", .failed), ("sim umount /nowhere", .failed), ("sim swapon files", .failed),
      ("sim swapoff files", .failed), ("sim stack create s files", .failed), ("sim stack remove s", .failed),
      ("sim file create /srv/f", .failed), ("sim file create /srv/g --size 0", .failed),
      ("sim file create /srv/g --size 1TiB", .failed), ("sim file remove /srv/nosuch", .failed),
      ("sim close 812 vm", .failed), ("sim process fork 5", .notFound),
    ] {
      let answer = harness.run(line)
      #expect(answer.status == status, "\(line): \(answer.err)")
    }
  }

  @Test func anOldKernelsRulesAreItsOwn() throws {
    let old = try machine(["sim map 812 vm"], kernel: "6.1")
    #expect(old.run("sim pin 812 vm").status == .failed)
    #expect(old.run("sim pin 812 vm --length 4KiB --kind direct-io").status == .done)
    #expect(old.run("pin list --json").out.contains("\"class\": \"referenced\""))
    // Since 6.15 mappings are counted, and taken off.
    let new = try machine(["sim map 812 vm"], kernel: "6.18")
    let start = try #require(new.run("mapping list --json").out.firstMatch(of: #/"start": (\d+)/#)?.1)
    #expect(new.run("sim touch 812 0x\(String(UInt64(start) ?? 0, radix: 16)) --length 6MiB").status == .done)
    #expect(new.run("pin list --json").out == "[]\n")
  }

  /// Until 6.14 a file's blocks are given to another while they are pinned; since then they are kept.
  @Test(arguments: [("6.12", true), ("6.18", false)]) func blocksUnderAPin(kernel: String, isReused: Bool)
    throws
  {
    let harness = try machine(
      [
        "sim mount files /srv", "sim file create /srv/a --size 8MiB", "sim map 812 /srv/a",
        "sim pin 812 /srv/a --kind vmsplice", "sim file remove /srv/a",
      ], kernel: kernel)
    let start = try #require(harness.run("mapping list --json").out.firstMatch(of: #/"start": (\d+)/#)?.1)
    #expect(harness.run("sim unmap 812 0x\(String(UInt64(start) ?? 0, radix: 16))").status == .done)
    // Freed blocks are given to another file only once the transaction that freed them is committed.
    #expect(harness.run("sim commit /srv").status == .done)
    #expect(harness.run("sim file create /srv/b --size 8MiB").status == .done)
    let range = harness.run("pin list files --json").out
    #expect(range.contains("\"path\": \"/srv/b\"") == isReused, "\(range)")
    #expect(range.contains("\"path\": \"/srv/a (deleted)\"") == !isReused)
    #expect(harness.run("sim unpin 1").status == .done)
    #expect(harness.run("sim file list --json").out.components(separatedBy: "\"path\"").count == 2)
  }

  @Test func everyUserOfAStackIsFoundOnAllUnderIt() throws {
    let harness = try machine([
      "sim stack create data files more", "sim swapon data", "sim process fork 812", "sim open 812 small",
    ])
    for name in ["files", "more"] {
      #expect(harness.run("user list \(name) --json").out.contains("by dm-0 (data)"))
      #expect(harness.run("namespace disable \(name)").status == .refused)
    }
    #expect(harness.run("namespace disable small").err.contains("open: /dev/dax0.2 by qemu (812)"))
    for line in [
      "sim swapoff data", "sim stack remove data", "sim close 812 small",
      "namespace disable files more small",
    ] {
      #expect(harness.run(line).status == .done, "\(line)")
    }
  }

  @Test func changesAreToldWhileWatching() throws {
    let harness = try machine(["sim map 812 vm --length 4MiB"])
    harness.rounds = [
      "sim map 812 small --length 8KiB", "sim pin 812 small --length 8KiB", "sim process stop 812",
    ]
    let text = harness.run("mapping list --watch").out
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines.filter { $0.hasPrefix("+ ") }.count == 1)
    #expect(lines.filter { $0.hasPrefix("~ ") }.count == 1)
    #expect(lines.filter { $0.hasPrefix("- ") }.count == 2)
    let again = try machine(["sim map 812 vm --length 4MiB"])
    again.rounds = ["sim pin 812 vm", "sim unpin 1"]
    let json = again.run("pin list --watch --json").out.split(separator: "\n")
    #expect(json.count == 2)
    #expect(json.first?.hasPrefix(#"{"event": "added", "device": "dax0.0""#) == true)
    #expect(json.last?.hasPrefix(#"{"event": "removed""#) == true)
    #expect(again.run("pin list --interval 0").status == .usage)
  }
}
