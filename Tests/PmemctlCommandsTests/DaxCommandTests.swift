import Foundation
import PmemDevice
import PmemSim
import PmemctlCommands
import SystemPackage
import Testing

/// A whole namespace for one program, with proof.
@Suite struct DaxCommandTests {
  private func machine(kernel: String = "6.12") throws -> CommandHarness {
    let harness = try CommandHarness()
    let made = harness.run([
      "sim", "create", harness.machine, "--kernel", kernel, "--dimm", "2GiB", "--dimm", "1GiB,labels=none",
      "--e820",
      "256MiB",
    ])
    #expect(made.status == .done, "\(made.err)")
    return harness
  }

  /// `dax status` of one thing: possible, on, and the causes.
  private func state(_ name: String, _ harness: CommandHarness) throws -> [String] {
    let answer = harness.run("dax status --json")
    #expect(answer.status == .done, "\(answer.err)")
    let all = try JSONSerialization.jsonObject(with: Data(answer.out.utf8)) as? [[String: Any]] ?? []
    let own = try #require(all.first { $0["name"] as? String == name }, "no \(name) in \(answer.out)")
    let causes = (own["causes"] as? [[String: Any]] ?? []).compactMap { $0["cause"] as? String }
    return [
      own["possible"] as? Bool == true ? "possible" : "impossible", own["on"] as? Bool == true ? "on" : "off",
    ]
      + causes
  }

  @Test(arguments: ["qemu", "spdk", "rdma", "fs"]) func everyPresetEndsInProof(consumer: String) throws {
    let harness = try machine()
    let answer = harness.run("dax enable region0 --for \(consumer)")
    #expect(answer.status == .done, "\(answer.err)")
    try expectGolden(answer.out, "dax-enable-\(consumer).txt")
    #expect(!answer.out.contains("FAILED") && !answer.out.contains("✗"))
    let before = harness.run("namespace list --json").out
    let again = harness.run("dax enable region0 --for \(consumer) --json")
    #expect(again.out.contains("\"changed\": false"))
    #expect(again.err.contains("nothing was changed"))
    #expect(harness.run("namespace list --json").out == before)
  }

  /// What is known of a filesystem before it is mounted.
  @Test func aFilesystemThatIsNotMountedIsExamined() throws {
    let harness = try machine()
    for line in [
      "namespace create --region region0 --mode fsdax --size 256MiB --name f",
      "namespace create --region region0 --mode sector --size 64MiB --name s",
      "sim mount pmem0 /mnt", "sim umount /mnt", "sim mount pmem0.1s /mnt --dax never", "sim umount /mnt",
    ] {
      let answer = harness.run(line)
      #expect(answer.status == .done, "\(line): \(answer.err)")
    }
    #expect(try state("ext4 on /dev/pmem0", harness) == ["possible", "off", "mount-option"])
    #expect(try state("ext4 on /dev/pmem0.1s", harness) == ["impossible", "off", "sector-mode"])
  }

  @Test func eachCauseIsNamed() throws {
    let harness = try machine()
    for line in [
      "namespace create --region region0 --mode raw --size 64MiB --name r",
      "namespace create --region region0 --mode sector --size 64MiB --name s",
      "namespace create --region region0 --mode fsdax --size 256MiB --name f",
      "namespace create --region region0 --mode devdax --size 64MiB --name d",
      "namespace create --region region0 --mode devdax --size 64MiB --name off",
      "namespace create --region region0 --mode devdax --size 256MiB --name ram",
      "namespace disable off", "device disable d", "device reconfigure --mode system-ram ram",
      "sim partition create pmem0.2 --start 1048064 --size 32MiB",
      "sim partition create pmem0.2 --start 64MiB --size 32MiB", "sim mount pmem0.2p2 /mnt --dax never",
      "sim file create /mnt/file --size 1MiB",
      "sim stack create crooked pmem0.2p1",
    ] {
      let answer = harness.run(line)
      #expect(answer.status == .done, "\(line): \(answer.err)")
    }
    #expect(try state("namespace0.0", harness) == ["impossible", "off", "raw-mode"])
    #expect(try state("/dev/pmem0", harness) == ["impossible", "off", "raw-mode"])
    #expect(try state("namespace0.1", harness) == ["impossible", "off", "sector-mode"])
    #expect(try state("/dev/pmem0.2", harness) == ["possible", "off", "block-device"])
    #expect(try state("/dev/dax0.3", harness) == ["possible", "off", "no-driver"])
    #expect(try state("namespace0.4", harness) == ["impossible", "off", "disabled"])
    #expect(try state("/dev/dax0.5", harness) == ["possible", "off", "system-ram"])
    #expect(try state("/dev/pmem0.2p1", harness) == ["impossible", "on", "misaligned-partition"])
    #expect(try state("/dev/dm-0", harness) == ["impossible", "off", "stack-without-dax"])
    #expect(try state("/mnt", harness) == ["possible", "off", "inode-flag"])
    #expect(try state("/dev/pmem2", harness) == ["possible", "off", "block-device"])
    harness.run("sim inject-error f --block 8")
    #expect(try state("namespace0.2", harness) == ["possible", "on", "bad-blocks"])
  }

  @Test func probesTellTheTruth() throws {
    let harness = try machine()
    harness.run("namespace create --region region0 --mode fsdax --size 256MiB --name f")
    harness.run("namespace create --region region0 --mode devdax --size 256MiB --name d")
    harness.run("sim mount f /mnt")
    harness.run("sim file create /mnt/file --size 1MiB")
    #expect(harness.run("dax probe /mnt/file").out.contains("DAX, pages of 4 KiB, MAP_SYNC granted"))
    #expect(harness.run("dax probe /dev/dax0.1").out.contains("DAX, pages of 2 MiB, MAP_SYNC granted"))
    #expect(harness.run("dax probe /dev/pmem0").out.contains("page cache, pages of 4 KiB, MAP_SYNC refused"))
    #expect(harness.run("dax probe /mnt/nothing").status == .notFound)
    #expect(harness.run("dax probe /dev/dax0.1 --offset 1TiB").status == .failed)
    harness.run("sim inject-error d --block 0")
    #expect(harness.run("dax probe /dev/dax0.1").err.contains("SIGBUS"))
  }

  @Test func whatIsUsedOrHoldsContentIsNotMadeAnew() throws {
    let harness = try machine()
    harness.run("namespace create --region region0 --mode fsdax --size 256MiB --name f")
    harness.run("sim mount f /mnt")
    for line in ["dax enable f --for qemu --force", "dax disable f --force"] {
      let answer = harness.run(line)
      #expect(answer.status == .refused && answer.err.contains("/mnt"), "\(answer.err)")
    }
    harness.run("sim umount /mnt")
    #expect(harness.run("dax enable f --for qemu").status == .refused)
    #expect(harness.run("dax enable f --for qemu --force").status == .done)
    #expect(harness.run("dax disable f --force").status == .done)
    #expect(try state("namespace0.0", harness) == ["impossible", "off", "raw-mode"])
  }

  @Test(arguments: [
    ("dax enable region0 --for printer", Status.usage), ("dax enable region7 --for fs", .notFound),
    ("dax enable region0 --for qemu --align 3MiB", .usage),
    ("dax disable namespace2.0 --force", .notSupported),
    ("dax enable region0 --for qemu --size 3TiB", .failed), ("dax probe /dev/pmem9", .notFound),
  ]) func whatCannotBeIsSaid(line: String, status: Status) throws {
    let answer = try machine().run(line)
    #expect(answer.status == status, "\(answer.err)")
  }

  @Test(arguments: ["raw", "fsdax", "sector"]) func interruptedAtAnyStepItIsUndone(mode: String) throws {
    var isWhole = false
    for steps in 0..<16 where !isWhole {
      let harness = try machine()
      harness.run("namespace create --region region0 --mode \(mode) --size 64MiB --name n")
      let before = harness.run("namespace list --json").out
      try {
        let machine = try SimMachine.open(FilePath(harness.machine), forWriting: true)
        var left = steps
        harness.kernel = StandInBackend(SimBackend(machine)) { step throws(DeviceError) in
          left -= 1
          guard left != -1 else { throw DeviceError(.failed, "cannot \(step.words)", errno: 5) }
        }
        let answer = harness.run("dax enable n --for qemu --force --yes")
        isWhole = answer.status == .done
        #expect(isWhole || answer.err.contains("nothing"), "\(answer.err)")
        harness.kernel = nil
      }()
      guard !isWhole else { break }
      #expect(harness.run("namespace list --json").out == before, "failed at step \(steps)")
    }
    #expect(isWhole)
  }

  // MARK: 4.5: the block device itself

  @Test func kernel45MapsTheBlockDeviceItself() throws {
    let harness = try machine(kernel: "4.5")
    #expect(try state("/dev/pmem1", harness) == ["possible", "on"])
    #expect(try state("namespace1.0", harness) == ["possible", "on", "pageless"])
    #expect(harness.run("dax probe /dev/pmem1").out.contains("DAX, pages of 4 KiB, MAP_SYNC refused"))
    let enabled = harness.run("dax enable namespace1.0 --for qemu")
    #expect(
      enabled.status == .done && enabled.out.contains("refused, its memory has no pages"), "\(enabled.out)")
    #expect(harness.run("dax enable namespace1.0 --for rdma").status == .refused)
    // Its memory has no pages: that is what it cannot do.
    harness.run("sim process start guest --pid 7")
    harness.run("sim map 7 /dev/pmem1")
    let pin = harness.run("sim pin 7 0x7f0000200000 --length 4KiB --kind direct-io")
    #expect(pin.status == .failed && pin.err.contains("no pages"), "\(pin.err)")
    #expect(harness.run("namespace disable namespace1.0").status == .refused)
  }

  /// "this blocking of requests in the request queue doesn't really block the IO to the device" (Jan Kara, thread 2).
  @Test(arguments: [("none", 3), ("write-protect", 0), ("unmap", 0)])
  func aStoppedQueueStopsNoStoreUnlessEntriesGo(policy: String, stores: Int) throws {
    let harness = try machine(kernel: "4.5")
    harness.run("sim process start guest --pid 7")
    harness.run("sim map 7 /dev/pmem1")
    harness.run("sim touch 7 0x7f0000200000 --write")
    harness.run("sim touch 7 0x7f0000300000")
    let frozen = harness.run("sim freeze pmem1 --policy \(policy)")
    #expect(frozen.out.contains("\(policy == "none" ? 0 : policy == "unmap" ? 2 : 1) page table entries"))
    let read = harness.run("sim touch 7 0x7f0000300000")
    #expect(read.err.contains("waits") == (policy == "unmap"))
    if policy != "unmap" {
      let first = harness.run("sim touch 7 0x7f0000200000 --write")
      #expect(first.err.contains("waits") == (policy == "write-protect"))
    }
    if policy == "none" {
      for _ in 0..<2 { #expect(harness.run("sim touch 7 0x7f0000200000 --write").err == "") }
    } else {
      // A blocked process does nothing else.
      #expect(harness.run("sim touch 7 0x7f0000200000 --write").err.contains("waits already"))
    }
    let thawed = harness.run("sim thaw pmem1")
    #expect(thawed.out.contains("\(stores) stores reached the media"), "\(thawed.out)")
    #expect(thawed.out.contains("going on: 7") == (policy != "none"))
    #expect(harness.run("sim touch 7 0x7f0000200000 --write").err == "")
  }

  /// "there is no protection if the block device is dynamically resized (partition grow/shrink) during a fault".
  @Test func aPartitionThatShrinksUnderAFaultLeavesAnEntryBeyondIt() throws {
    let harness = try machine(kernel: "4.5")
    harness.run("sim partition create pmem1 --size 64MiB")
    harness.run("sim process start guest --pid 7")
    harness.run("sim map 7 pmem1p1")
    let place = "0x\(String(0x7f00_0020_0000 + (48 << 20), radix: 16))"
    #expect(harness.run("sim fault begin 7 \(place) --write").out == "1\n")
    #expect(harness.run("sim partition resize pmem1p1 --size 32MiB").status == .done)
    let finished = harness.run("sim fault finish 1")
    #expect(finished.status == .failed && finished.err.contains("its size was not held"))
    // Its stores there reach free space, or the next partition.
    #expect(harness.run("sim touch 7 \(place) --write").status == .done)
    #expect(
      harness.run("sim touch 7 0x\(String(0x7f00_0020_0000 + (40 << 20), radix: 16))").err.contains("SIGBUS"))
  }

  @Test func aFaultWithoutAResizeIsWhole() throws {
    let harness = try machine(kernel: "4.5")
    harness.run("sim partition create pmem1 --size 64MiB")
    harness.run("sim process start guest --pid 7")
    harness.run("sim map 7 pmem1p1")
    harness.run("sim fault begin 7 0x7f0000200000")
    #expect(harness.run("sim fault finish 1").status == .done)
    #expect(harness.run("sim fault finish 1").status == .notFound)
  }

  /// The whole device keeps its size while it is mapped: its driver sees to that.
  @Test func theWholeDeviceKeepsItsSize() throws {
    let harness = try machine(kernel: "4.5")
    harness.run("namespace create --region region0 --mode fsdax --name f")
    harness.run("sim process start guest --pid 7")
    harness.run("sim map 7 pmem0")
    for line in ["namespace disable f", "namespace destroy --force f"] {
      #expect(harness.run(line).status == .refused)
    }
  }

  /// "DAX mmap isn't safe wrt fs freezing even for filesystems" (Jan Kara, thread 2); since 4.10 it is.
  @Test(arguments: [("4.5", true), ("6.12", false)])
  func freezingAFilesystemStopsStoresSinceTheyAreTracked(kernel: String, getsThrough: Bool) throws {
    let harness = try machine(kernel: kernel)
    harness.run("namespace create --region region0 --mode fsdax --name f --force")
    harness.run("sim mount f /mnt")
    harness.run("sim file create /mnt/file --size 1MiB")
    harness.run("sim process start db --pid 7")
    harness.run("sim map 7 /mnt/file")
    harness.run("sim touch 7 0x7f0000400000 --write")
    let address = "0x7f0000200000"
    harness.run("sim touch 7 \(address) --write")
    #expect(harness.run("sim freeze /mnt").status == .done)
    #expect(harness.run("sim touch 7 \(address) --write").err.contains("waits") == !getsThrough)
    let thawed = harness.run("sim thaw /mnt")
    #expect(
      thawed.out.contains("\(getsThrough ? 1 : 0) stores reached the media"), "\(thawed.out)\(thawed.err)")
  }

  @Test func frozenThingsOutliveTheCommandAndNotTheBoot() throws {
    let harness = try machine()
    harness.run("sim partition create namespace2.0 --size 64MiB")
    #expect(harness.run("sim freeze pmem2").status == .done)
    #expect(harness.run("sim freeze pmem2").err.contains("frozen already"))
    harness.run(["sim", "reboot", harness.machine])
    #expect(harness.run("sim thaw pmem2").status == .failed)
    #expect(harness.run("dax status").out.contains("pmem2p1") == false)
  }
}
