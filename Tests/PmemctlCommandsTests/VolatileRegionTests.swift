import PmemDevice
import PmemctlCommands
import TestSupport
import Testing

/// CXL regions of volatile memory on a simulated machine: their DAX devices, and who is in the way.
@Suite struct VolatileRegionTests {
  private let harness: CommandHarness

  init() throws {
    harness = try CommandHarness()
    #expect(
      harness.run(
        "sim create \(harness.machine) --cxl-memdev 512MiB,kind=ram --cxl-memdev 512MiB,kind=ram,node=1 "
          + "--cxl-memdev 512MiB --cxl-window 4GiB"
      ).status == .done)
  }

  private func done(_ line: String) {
    #expect(harness.run(line).status == .done, "\(line): \(harness.run(line).err)")
  }

  @Test func itsDeviceIsSystemRamAndOfflineUntilItIsPutToUse() throws {
    done("region create mem0 mem1")
    #expect(harness.run("region list").out.contains("ram, 2 ways"))
    #expect(
      harness.run("device list").out.contains("system-ram")
        && harness.run("device list").out.contains("offline, 8 blocks"))
    done("device online dax0.0")
    let refused = harness.run("region destroy region0")
    #expect(
      refused.status == .refused && refused.err.contains("pmemctl device offline dax0.0"), "\(refused.err)")
    done("device offline dax0.0")
    done("region destroy region0")
    #expect(harness.run("device list --json").out == "[]\n")
    done("undo run --yes")
    #expect(harness.run("device list").out.contains("dax0.0"))
  }

  @Test func mappingsAndPinsOfItAreSeenAndProtected() throws {
    done("region create mem0")
    done("device reconfigure --mode devdax dax0.0")
    for line in [
      "sim process start qemu --pid 8", "sim map 8 dax0.0", "sim touch 8 dax0.0 --write",
      "sim pin 8 dax0.0 --length 4MiB --kind rdma --number 1",
    ] { done(line) }
    #expect(
      harness.run("mapping list").out.contains("qemu") && harness.run("mapping list").out.contains("dax0.0"))
    for line in [
      "region destroy region0", "region destroy region0 --break-mappings --yes", "device disable dax0.0",
    ] {
      #expect(harness.run(line).status == .refused, "\(line)")
    }
    done("sim unpin 1")
    #expect(harness.run("region destroy region0").status == .refused)
    done("region destroy region0 --break-mappings --yes")
    #expect(harness.run("mapping list --json").out == "[]\n")
  }

  @Test func bothKindsHaveRegionsBesideEachOtherUntilTheNextBoot() throws {
    done("region create mem0 --size 256MiB")
    done("region create mem2")
    done("namespace create --mode raw --size 64MiB --name n")
    let status = harness.run("status").out
    #expect(status.contains("region0  ram") && status.contains("region1  pmem"), "\(status)")
    #expect(harness.run("sim check").status == .done)
    done("sim reboot")
    #expect(
      harness.run("region list --json").out == "[]\n" && harness.run("device list --json").out == "[]\n")
    done("region create mem2")
    #expect(harness.run("namespace list").out.contains("n"))
  }

  /// Decoders of a host bridge are used in the order of addresses.
  @Test func anUndoThatTheOrderForbidsSaysWhatIsInTheWay() throws {
    done("region create mem0")
    done("region create mem2")
    done("region destroy region0")
    let undo = harness.run("undo run --yes")
    #expect(undo.status == .failed && undo.err.contains("pmemctl region destroy region1"), "\(undo.err)")
    #expect(harness.run("region list --json").out.contains("region1"))
  }
}
