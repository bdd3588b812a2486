import Foundation
import PmemMedia
import PmemctlCommands
import TestSupport
import Testing

/// Labels that are lost come back from what is left on the media, and nothing that is a guess is written.
@Suite struct RecoveryTests {
  private func machine() throws -> CommandHarness { try .threeModes() }

  private static let areaStart: UInt64 = 512 << 20

  /// The label area is zeros, and the machine has booted.
  private func lose(_ harness: CommandHarness) throws {
    try harness.change(at: Self.areaStart, count: 128 << 10) { $0 = ByteFields(count: 128 << 10) }
    harness.run(["sim", "reboot", harness.machine])
  }

  /// The superblock of an ext4 of so many MiB, with a UUID of sevens.
  private func putFilesystem(_ harness: CommandHarness, at offset: UInt64, mebibytes: Int) throws {
    try harness.change(at: offset, count: 8192) { fields in
      fields.set(mebibytes * 256, at: 1024 + 4, width: 4)
      fields.set(2, at: 1024 + 24, width: 4)
      fields.set(0xef53, at: 1024 + 56, width: 2)
      fields.set(0x40, at: 1024 + 96, width: 4)
      fields.set([UInt8](repeating: 0x77, count: 16), at: 1024 + 104)
    }
  }

  private static let volume = "77777777-7777-7777-7777-777777777777"

  /// What has to be the same before and after: all but names.
  private func namespaces(_ harness: CommandHarness) -> [String] {
    harness.run("namespace list --json").out.split(separator: "\n").map(String.init).filter {
      !$0.contains("\"name\"")
    }
  }

  @Test func namespacesAreRecoveredFromInfoBlocks() throws {
    let harness = try machine()
    let before = namespaces(harness)
    try lose(harness)
    let doctor = harness.run("doctor")
    #expect(
      doctor.status == .failed && doctor.out.contains("error: region0: its labels are lost")
        && doctor.out.contains("try: pmemctl label recover nmem0") && !doctor.out.contains("label init"),
      "\(doctor.out)")
    let plan = harness.run("label recover nmem0 --dry-run")
    #expect(plan.status == .done && plan.out.contains("128 MiB at 0 bytes"), "\(plan.err)")
    let done = harness.run("label recover nmem0 --yes")
    #expect(done.status == .done && done.err.contains("undo record 3"), "\(done.err)")
    harness.run(["sim", "reboot", harness.machine])
    #expect(namespaces(harness) == before)
    #expect(harness.run("doctor").out == "no problems found\n")
    #expect(harness.run("label recover nmem0").status == .refused)
  }

  @Test func aRegionThatIsStillDividedIsReadThroughALabelForAllOfIt() throws {
    let harness = try machine()
    let before = namespaces(harness)
    for loss in ["label zero", "label init", "label init --label-version 1.1"] {
      #expect(harness.run("\(loss) --force --yes --discard-content nmem0").status == .done, "\(loss)")
      let dry = harness.run("label recover nmem0 --dry-run")
      #expect(dry.status == .done && dry.err.contains("searched for when this is done"), "\(dry.err)")
      let done = harness.run("label recover nmem0 --yes")
      #expect(done.status == .done && namespaces(harness) == before, "\(loss): \(done.err)")
    }
    harness.run("namespace destroy all --force --discard-content --yes")
    let nothing = harness.run("label recover nmem0 --yes")
    #expect(nothing.status == .notFound, "\(nothing.err)")
    #expect(harness.run("namespace list --json").out == "[]\n", "what served to read it is gone")
  }

  /// What fresh index blocks leave: labels that no index refers to.
  @Test func namesComeBackFromLabelsThatNoIndexRefersTo() throws {
    let harness = try machine()
    harness.run("namespace create --mode raw --size 64MiB --name held")
    harness.run("namespace create --mode raw --size 64MiB --name gone")
    harness.run("namespace destroy gone --force --discard-content --yes")
    try putFilesystem(harness, at: 256 << 20, mebibytes: 50)
    let before = harness.run("namespace list --json").out
    for boots in [false, true] {
      #expect(harness.run("label init --force --yes --discard-content nmem0").status == .done)
      if boots { harness.run(["sim", "reboot", harness.machine]) }
      let refused = harness.run("label recover nmem0 --yes")
      #expect(
        refused.status == .refused && refused.err.contains("it may have been destroyed"), "\(refused.err)")
      let suggested = try #require(refused.err.split(separator: "\n").first { $0.contains("try: ") })
      let done = harness.run("\(suggested.drop { $0 == " " }.dropFirst("try: pmemctl ".count)) --yes")
      #expect(done.status == .done && !done.err.contains("names are in labels"), "\(done.err)")
      #expect(harness.run("namespace list --json").out == before, "boots: \(boots)")
    }
  }

  @Test func aVolumeInNoNamespaceIsARawOne() throws {
    let harness = try machine()
    try putFilesystem(harness, at: 256 << 20, mebibytes: 100)
    // The content of a namespace is none.
    try putFilesystem(harness, at: 4 << 20, mebibytes: 120)
    try lose(harness)
    let done = harness.run("label recover nmem0 --yes")
    #expect(done.status == .done && done.out.contains("raw, 112 MiB"), "\(done.err)")
    #expect(done.err.contains("the UUID is the volume's"), "\(done.err)")
    harness.run(["sim", "reboot", harness.machine])
    let list = harness.run("namespace list --json").out
    #expect(list.contains("\"uuid\": \"\(Self.volume)\"") && list.contains("\"mode\": \"raw\""), "\(list)")
    #expect(harness.run("doctor").out == "no problems found\n")
  }

  @Test func whatIsLeftOfANamespaceWithoutItsInfoBlockIsOfferedOnly() throws {
    let harness = try machine()
    try harness.change(at: 4096, count: 4096) { $0 = ByteFields(count: 4096) }
    try putFilesystem(harness, at: 4 << 20, mebibytes: 120)
    try lose(harness)
    let refused = harness.run("label recover nmem0 --yes")
    #expect(refused.status == .refused, "\(refused.err)")
    #expect(
      refused.err.contains("\(Self.volume): raw, 120 MiB at 4 MiB")
        && refused.err.contains("info block is lost"), "\(refused.err)")
    let suggested = try #require(refused.err.split(separator: "\n").first { $0.contains("try: ") })
    let command = suggested.drop { $0 == " " }.dropFirst("try: pmemctl ".count)
    let certain = harness.run("\(command) --yes")
    #expect(certain.status == .done && certain.out.split(separator: "\n").count == 2, "\(certain.err)")
    try lose(harness)
    let all = harness.run("\(command) --namespace \(Self.volume) --yes")
    #expect(all.status == .done && all.out.split(separator: "\n").count == 3, "\(all.err)")
  }

  @Test func namespacesOfSeveralTimesAreNotChosenFrom() throws {
    let harness = try machine()
    // An older generation's info block lies in the data of "fs".
    var block: [UInt8] = []
    try harness.change(at: 128 << 20 + 4096, count: 4096) { block = $0.bytes }
    try harness.change(at: 64 << 20 + 4096, count: 4096) { fields in
      fields = ByteFields(block)
      fields.set(7, at: 32, width: 8)
      fields.set(fields.checksum(excluding: 4088), at: 4088, width: 8)
    }
    try lose(harness)
    let refused = harness.run("label recover nmem0 --yes")
    #expect(refused.status == .refused && refused.err.contains("overlaps another"), "\(refused.err)")
    let line = try #require(refused.err.split(separator: "\n").first { $0.contains("128 MiB at 0 bytes") })
    let uuid = String(line.drop { $0 == " " }.prefix(36))
    let chosen = harness.run("label recover nmem0 --yes --namespace \(uuid)")
    #expect(chosen.status == .done && chosen.out.contains("fsdax, 128 MiB"), "\(chosen.err)")
  }

  /// Of the image only the label area is written, and the old one is kept.
  @Test func anImageIsRecoveredWithoutAMachine() throws {
    let harness = try machine()
    let before = namespaces(harness)
    try harness.change(at: Self.areaStart, count: 128 << 10) { $0 = ByteFields(count: 128 << 10) }
    let image = harness.machine + ".img"
    try FileManager.default.copyItem(atPath: harness.machine + "/nmem0.img", toPath: image)
    let data = { try Data(contentsOf: URL(fileURLWithPath: image)).prefix(Int(Self.areaStart)) }
    let old = try data()
    harness.run(["sim", "destroy", harness.machine])
    let parent = URL(fileURLWithPath: image).deletingLastPathComponent().path
    let listed = { try FileManager.default.contentsOfDirectory(atPath: parent).sorted() }
    let files = try listed()
    #expect(harness.run("label recover --image \(image)").err.contains("labels=128KiB"))
    #expect(harness.run("label recover nmem0 --image \(image),labels=128KiB").status == .usage)
    #expect(harness.run("label recover --image \(image),labels=128KiB --dry-run").status == .done)
    #expect(try listed() == files, "nothing is left behind")
    let done = harness.run("label recover --image \(image),labels=128KiB --yes")
    #expect(done.status == .done && done.out.split(separator: "\n").count == 3, "\(done.err)")
    #expect(try data() == old)
    let kept = try Data(contentsOf: URL(fileURLWithPath: image + ".old-labels"))
    #expect(kept.count == 128 << 10 && kept.allSatisfy { $0 == 0 })
    #expect(harness.run("label recover --image \(image),labels=128KiB --yes").status == .failed)
    harness.run(["sim", "import", harness.machine, "--image", image])
    #expect(namespaces(harness) == before)
  }

  @Test func labelsOfAnotherDIMMOfTheSetAreNotWrittenOver() throws {
    let harness = try CommandHarness()
    harness.run(["sim", "create", harness.machine, "--dimm", "512MiB,set=a", "--dimm", "512MiB,set=a"])
    harness.run("namespace create --name both --size 128MiB")
    try lose(harness)
    let refused = harness.run("label recover nmem0")
    #expect(
      refused.status == .refused && refused.err.contains("pmemctl label repair nmem1"), "\(refused.err)")
  }

  @Test func namespacesOfOldKernelsAreFoundThoroughly() throws {
    let harness = try CommandHarness()
    harness.run(
      ["sim", "create", harness.machine, "--dimm", "512MiB", "--kernel", "4.20", "--align", "4KiB"])
    #expect(harness.run("namespace create --mode sector --size 67112960 --name odd").status == .done)
    #expect(harness.run("namespace create --mode sector --size 64MiB --name behind").status == .done)
    let before = namespaces(harness)
    try lose(harness)
    #expect(harness.run("label recover nmem0 --dry-run").out.contains("64 MiB at 64 MiB") == false)
    let done = harness.run("label recover nmem0 --thorough --yes")
    #expect(done.status == .done && namespaces(harness) == before, "\(done.err)")
  }

  /// Machines at random: sets of one, two or four DIMMs, namespaces of every mode but raw.
  @Test(arguments: 1...12) func everyMachineComesBack(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let harness = try CommandHarness()
    let ways = [1, 2, 4].randomElement(using: &generator) ?? 1
    let dimms = (0..<ways).flatMap { _ in ["--dimm", "256MiB,set=a"] }
    harness.run(["sim", "create", harness.machine] + dimms + ["--dimm", "256MiB"])
    for index in 0..<Int.random(in: 2...6, using: &generator) {
      let mode = ["fsdax", "devdax", "sector"].randomElement(using: &generator) ?? ""
      // At least one on each: a region without any would come back as one raw namespace.
      let region = "region\(index < 2 ? index : Int.random(in: 0...1, using: &generator))"
      let size = 64 * (index < 2 ? 1 : Int.random(in: 1...3, using: &generator))
      harness.run("namespace create --region \(region) --mode \(mode) --size \(size)MiB --name n\(index)")
    }
    let before = namespaces(harness)
    for dimm in 0...ways {
      try harness.change(image: dimm, at: 256 << 20, count: 128 << 10) { $0 = ByteFields(count: 128 << 10) }
    }
    if Bool.random(using: &generator) { harness.run(["sim", "reboot", harness.machine]) }
    for dimm in [0, ways] {
      let answer = harness.run("label recover nmem\(dimm) --yes")
      #expect(answer.status == .done, "seed \(seed): \(answer.err)")
    }
    harness.run(["sim", "reboot", harness.machine])
    #expect(namespaces(harness) == before, "seed \(seed)")
  }
}
