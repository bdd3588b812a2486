import Foundation
import PmemctlCommands
import TestSupport
import Testing

/// What simulated machines can do beside being made: old kernels, guests, copies of hosts, fresh labels.
@Suite struct SimCommandTests {
  private func machine(_ options: String) throws -> CommandHarness {
    let harness = try CommandHarness()
    let answer = harness.run(
      ["sim", "create", harness.machine] + options.split(separator: " ").map(String.init))
    #expect(answer.status == .done, "\(answer.err)")
    return harness
  }

  @Test func anOldKernelRefusesWhatItCannot() throws {
    let harness = try machine("--kernel 4.5 --dimm 1GiB")
    #expect(harness.run("namespace create --mode devdax --size 256MiB").status == .notSupported)
    #expect(harness.run("namespace create --size 256MiB").status == .done)
    let second = harness.run("namespace create --size 256MiB --region region0")
    #expect(second.status == .notSupported)
    #expect(second.err.contains("supports one namespace a region"), "\(second.err)")
    #expect(harness.run("dimm show nmem0").out.contains("version 1.1"))
    let before = harness.run("namespace list").out
    #expect(harness.run("sim reboot").status == .done)
    #expect(harness.run("namespace list").out == before)
    #expect(harness.run("region list --json").out.contains("\"align\": 4096"))
  }

  @Test func twoMappingsShareNoSectionOnAnOldKernel() throws {
    let harness = try machine("--kernel 4.20 --dimm 1GiB")
    #expect(harness.run("namespace create --size 192MiB").status == .done)
    let second = harness.run("namespace create --size 192MiB")
    #expect(second.status == .failed)
    #expect(second.err.contains("it would share a memory section with namespace0.0"), "\(second.err)")
    // It is known before the first step.
    #expect(harness.run("namespace create --size 192MiB --dry-run").status == .failed)
    #expect(harness.run("namespace create --size 192MiB --mode sector").status == .done)
    #expect(harness.run("namespace create --size 128MiB --mode devdax").status == .done)
  }

  @Test func qemuIsGivenEveryDimm() throws {
    let harness = try machine(
      "--dimm 1GiB --dimm 2GiB,labels=256KiB,node=1 --dimm 512MiB,labels=none --e820 128MiB")
    let answer = harness.run("sim qemu")
    #expect(answer.status == .done)
    try expectGolden(answer.out, "sim-qemu.txt")
    #expect(answer.err.contains("memmap=128M!1024M"))
    try expectGolden(harness.run("sim qemu --libvirt").out, "sim-qemu-libvirt.xml")
    let words = try JSONSerialization.jsonObject(with: Data(harness.run("sim qemu --json").out.utf8))
    #expect((words as? [String])?.filter { $0 == "-device" }.count == 3)
  }

  @Test func virtioDevicesHaveNoLabels() throws {
    let harness = try machine("--dimm 1GiB,labels=none --dimm 512MiB,labels=none")
    try expectGolden(harness.run("sim qemu --virtio").out, "sim-qemu-virtio.txt")
    try expectGolden(harness.run("sim qemu --virtio --libvirt").out, "sim-qemu-virtio.xml")
    let labeled = try machine("--dimm 1GiB,labels=none --dimm 1GiB").run("sim qemu --virtio")
    #expect(labeled.status == .notSupported && labeled.out.isEmpty)
    #expect(labeled.err.contains("cannot attach nmem1 as a virtio-pmem device: it has a label area"))
    let odd = try machine("--dimm 1028KiB,labels=none").run("sim qemu --virtio")
    #expect(odd.status == .notSupported && odd.err.contains("is not a multiple of 2 MiB"), "\(odd.err)")
  }

  @Test func qemuCannotInterleave() throws {
    let harness = try machine("--dimm 1GiB,set=a --dimm 1GiB,set=a")
    let answer = harness.run("sim qemu")
    #expect(answer.status == .notSupported)
    #expect(answer.err.contains("as region0 is"))
  }

  @Test(arguments: ["--memory 1", "--memory 100MiB", "--memory x"]) func badMemoryIsRefused(option: String)
    throws
  {
    #expect(try machine("--dimm 1GiB").run("sim qemu " + option).status == .usage)
  }

  @Test func aHostIsCopiedFromItsStatus() throws {
    let harness = try CommandHarness.standard()
    for line in [
      "namespace create --region region0 --size 512MiB --name cache",
      "namespace create --region region0 --mode devdax --size 256MiB --name vm",
      "namespace create --region region1 --mode sector --size 256MiB", "namespace destroy --force cache",
      "region disable region2",
    ] { #expect(harness.run(line).status == .done) }
    let status = harness.run("status --json").out
    let directory = try TemporaryDirectory()
    try Data(status.utf8).write(to: URL(fileURLWithPath: directory.path + "/host.json"))
    let answer = harness.run("sim import \(directory.path)/copy --inventory \(directory.path)/host.json")
    #expect(answer.status == .done)
    #expect(answer.err.contains("region2 is disabled: its namespaces are unknown"))
    #expect(harness.run("status --json --sim \(directory.path)/copy").out == status)
  }

  @Test(arguments: [
    ("{}", "kernel is missing"), ("[]", "it is not an object"), ("{", "line 1, column 2: expected a key"),
    (
      #"{"kernel": "6.12", "buses": [{"provider": "x", "dimms": [], "regions": [{"dev": "region0"}]}]}"#,
      "buses[0].regions[0].size is missing"
    ),
    (#"{"kernel": "6.12", "buses": []}"#, "no region to simulate"),
  ]) func aForeignInventoryIsRefusedWithThePlace(text: String, says: String) throws {
    let harness = try CommandHarness()
    let directory = try TemporaryDirectory()
    try Data(text.utf8).write(to: URL(fileURLWithPath: directory.path + "/host.json"))
    let answer = harness.run("sim import \(directory.path)/copy --inventory \(directory.path)/host.json")
    #expect(answer.status == (says.contains("no region") ? .failed : .badData))
    #expect(answer.err.contains(says), "\(answer.err)")
    #expect(!FileManager.default.fileExists(atPath: directory.path + "/copy"))
  }

  @Test func mutatedInventoriesMakeAMachineOrAMessage() throws {
    let harness = try CommandHarness.standard()
    harness.run("namespace create --region region0 --mode sector --size 64MiB --name a")
    harness.run("namespace create --region region0 --mode devdax --size 64MiB")
    let good = Array(harness.run("status --json").out.utf8)
    let directory = try TemporaryDirectory()
    var generator = SeededGenerator(seed: 47)
    for round in 0..<150 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8(
          ascii: ["0", "9", "x", "\"", "-", "}"].randomElement(using: &generator) ?? "0")
      }
      try Data(bytes).write(to: URL(fileURLWithPath: directory.path + "/host.json"))
      let target = "\(directory.path)/copy\(round)"
      let answer = harness.run("sim import \(target) --inventory \(directory.path)/host.json")
      #expect([.done, .badData, .failed, .notSupported, .notPermitted, .usage].contains(answer.status))
      #expect(FileManager.default.fileExists(atPath: target) == (answer.status == .done), "\(answer.err)")
      if answer.status == .done { #expect(harness.run("sim destroy \(target)").status == .done) }
    }
  }

  @Test func imagesAreImported() throws {
    let harness = try machine("--dimm 512MiB --dimm 256MiB,labels=none")
    harness.run("namespace create --region region0 --size 128MiB --name guest")
    let directory = try TemporaryDirectory()
    let answer = harness.run([
      "sim", "import", directory.path + "/copy", "--image", harness.machine + "/nmem0.img", "--image",
      harness.machine + "/nmem1.img",
    ])
    #expect(answer.status == .done)
    #expect(answer.err.contains("no label area was found in MACHINE/nmem1.img"))
    #expect(
      harness.run("namespace list --json --sim \(directory.path)/copy").out
        == harness.run("namespace list --json").out)
    #expect(harness.run("sim import \(directory.path)/other").status == .usage)
    #expect(harness.run("sim import \(directory.path)/other --image /nonexistent").status == .notFound)
  }

  @Test func aRebootForgetsWhatWasNotOnTheMedia() throws {
    let harness = try machine("--dimm 1GiB")
    harness.run("namespace create --size 128MiB")
    harness.run("namespace disable namespace0.0")
    #expect(harness.run("sim reboot").status == .done)
    #expect(harness.run("namespace list").out.contains("enabled"))
    #expect(harness.run("sim reboot /nonexistent").status == .notFound)
  }

  @Test func freshLabelsCanBeWrittenOverFreshOnes() throws {
    let harness = try machine("--dimm 1GiB")
    let done = harness.run("label init nmem0 --force")
    #expect(done.status == .done && done.out.hasPrefix("initialized nmem0: "), "\(done.err)")
    #expect(harness.run("label check nmem0").out == "nmem0: good\n")
    #expect(harness.run("namespace create --size 64MiB").status == .done)
  }

  @Test func freshLabelsDivideARegion() throws {
    let harness = try machine("--dimm 1GiB,label-version=blank --dimm 1GiB,labels=none")
    let refused = harness.run("label init nmem0")
    #expect(refused.status == .refused)
    #expect(refused.err.contains("would not be visible"), "\(refused.err)")
    #expect(harness.run("label init nmem1 --force").status == .notSupported)
    try expectGolden(harness.run("label init nmem0 --force --dry-run").out, "plan-label-init.txt")
    let done = harness.run("label init all --force --label-version 1.1")
    #expect(done.status == .done)
    #expect(done.out == "initialized nmem0: 1019 free labels\n")
    #expect(harness.run("namespace create --region region0 --size 128MiB --name kept").status == .done)
    let second = harness.run("label init nmem0")
    #expect(second.status == .refused)
    #expect(second.err.contains("\"kept\", fsdax, 128 MiB, would be lost"), "\(second.err)")
    #expect(harness.run("label init nmem0 --label-version 1.3").status == .usage)
    #expect(harness.run("namespace list").out.contains("kept"))
  }
}
