import Foundation
import PmemctlCommands
import Testing

/// Bad blocks, from the platform's word to good memory.
@Suite struct BadBlockCommandTests {
  private func machine(_ mode: String) throws -> CommandHarness {
    let harness = try CommandHarness.standard()
    harness.run("namespace create --region region0 --mode raw --size 64MiB --name first")
    let made = harness.run("namespace create --region region0 --mode \(mode) --size 128MiB --name bad")
    #expect(made.status == .done, "\(made.err)")
    return harness
  }

  @Test(arguments: ["fsdax", "devdax", "sector", "raw"]) func theyAreToldAndCleared(mode: String) throws {
    let harness = try machine(mode)
    #expect(harness.run("sim inject-error bad --block 100 --count 3").status == .done)
    harness.run(["sim", "reboot", harness.machine])
    #expect(harness.run("namespace list --json bad").out.contains("\"badblock_count\": 3"))
    #expect(harness.run("region show region0 --json").out.contains("\"badblocks\""))
    #expect(harness.run("doctor").out.contains("3 blocks of 512 bytes are bad: the content is lost"))
    let dry = harness.run("namespace clear-errors bad --dry-run")
    #expect(dry.out.contains("clear 3 bad blocks of 512 bytes"))
    let cleared = harness.run("namespace clear-errors all")
    #expect(cleared.status == .done, "\(cleared.err)")
    #expect(cleared.err.contains("\"first\" has no bad blocks"))
    #expect(cleared.out.contains("cleared namespace0.1 \"bad\""))
    let after = harness.run("namespace show bad --json").out
    #expect(!after.contains("badblock_count") && !after.contains("disabled"))
  }

  @Test func aProcessThatTouchesOneIsKilled() throws {
    let harness = try machine("devdax")
    harness.run("sim inject-error bad --block 0")
    harness.run("sim process start victim --pid 1000")
    let map = harness.run("sim map 1000 dax0.1")
    let address = try #require(map.out.split(separator: " ").first { $0.hasPrefix("0x") })
    let touched = harness.run("sim touch 1000 \(address.trimmingCharacters(in: .whitespacesAndNewlines))")
    #expect(touched.status == .failed && touched.err.contains("SIGBUS"))
  }

  @Test func whoeverUsesItIsInTheWay() throws {
    let harness = try machine("devdax")
    harness.run("sim inject-error bad --block 4096")
    harness.run("sim process start user --pid 1000")
    harness.run("sim map 1000 dax0.1")
    let answer = harness.run("namespace clear-errors bad")
    #expect(answer.status == .refused)
    #expect(answer.err.contains("1000"))
    #expect(harness.run("namespace list --json bad").out.contains("\"badblock_count\": 1"))
  }

  @Test func aBusThatCannotSaysSo() throws {
    let harness = try CommandHarness.standard()
    harness.run("sim inject-error namespace3.0 --block 9")
    let answer = harness.run("namespace clear-errors namespace3.0")
    #expect(answer.status == .notSupported)
    #expect(answer.err.contains("no command that clears errors"))
  }

  /// pfn_devs.c:nd_pfn_validate gives ENXIO for it, which pmem.c:nd_pmem_probe takes for no info block.
  @Test func anInfoBlockThatCannotBeReadLeavesTheNamespaceRaw() throws {
    let harness = try machine("fsdax")
    harness.run("namespace disable bad")
    harness.run("sim inject-error bad --block 8")
    harness.run(["sim", "reboot", harness.machine])
    let list = harness.run("namespace list --json bad")
    #expect(list.status == .done && list.out.contains("\"raw\""), "\(list.err)")
    #expect(!list.out.contains("\"disabled\""))
    let sick = harness.run("doctor")
    #expect(sick.out.contains("its info block cannot be read, so it is presented as raw"), "\(sick.out)")
    harness.run("namespace disable bad")
    #expect(harness.run("namespace clear-errors bad").status == .done)
    #expect(harness.run("namespace list --json bad").out.contains("badblock_count") == false)
  }

  @Test(arguments: [
    ("--block 99999999999", Status.failed), ("--count 0", .failed), ("--block -1", .usage),
    ("--block 18446744073709551615", .usage),
  ]) func nonsenseSpoilsNothing(options: String, status: Status) throws {
    let harness = try machine("raw")
    #expect(harness.run("sim inject-error bad \(options)").status == status)
    #expect(!harness.run("namespace list --json").out.contains("badblock"))
  }

  @Test func theFilesOnThemAreNamed() throws {
    let harness = try machine("fsdax")
    harness.run("sim mount pmem0.1 /mnt --type xfs")
    harness.run("sim file create /mnt/one --size 64KiB")
    harness.run("sim file create /mnt/two --size 64KiB")
    let first = try #require(try extent(of: "/mnt/one", harness))
    let second = try #require(try extent(of: "/mnt/two", harness))
    // The last block of a file, two in the middle of another, and one behind both.
    let blocks: [Int] = [(first + 65536) / 512 - 1, (second + 8192) / 512, (second + 8704) / 512, 200_000]
    for block in blocks {
      #expect(harness.run("sim inject-error bad --block \(block)").status == .done)
    }
    let shown = harness.run("namespace show bad --files")
    #expect(shown.out.contains("/mnt/one, 512 bytes at byte 65024"), "\(shown.out)")
    #expect(shown.out.contains("/mnt/two, 1 KiB at byte 8192"), "\(shown.out)")
    #expect(shown.out.contains("1 bad block in no file"), "\(shown.out)")
    let doctor = harness.run("doctor")
    #expect(doctor.out.contains("it is mounted on /mnt: files there may have lost content"), "\(doctor.out)")
    #expect(doctor.out.contains("pmemctl namespace show namespace0.1 --files"))
    // What is not mounted may have files all the same.
    harness.run("sim umount /mnt")
    let unmounted = harness.run("namespace show bad --files")
    #expect(unmounted.out.contains("4 bad blocks in no file that was found"), "\(unmounted.out)")
    #expect(unmounted.err.contains("no filesystem of it is mounted here"), "\(unmounted.err)")
    // Without the option nothing is searched.
    #expect(!harness.run("namespace show bad").out.contains("/mnt"))
  }

  @Test(arguments: [
    ("devdax", "a DAX device has no files"), ("sector", "in sector mode only its driver knows"),
  ]) func whatHasNoFilesToSearchSaysSo(mode: String, reason: String) throws {
    let harness = try machine(mode)
    harness.run("sim inject-error bad --block 100")
    let shown = harness.run("namespace show bad --files")
    #expect(shown.status == .done && shown.err.contains(reason), "\(shown.err)")
    #expect(!harness.run("namespace show bad --files --json").out.contains("\"badblocks\""))
  }

  /// Where the first extent of a file begins, on its device.
  private func extent(of file: String, _ harness: CommandHarness) throws -> Int? {
    let text = harness.run("sim file list --json").out
    let list = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]] ?? []
    let found = list.first { $0["path"] as? String == file }
    let extents = found?["extents"] as? [[String: Any]] ?? []
    return (extents.first?["offset"] as? NSNumber)?.intValue
  }
}
