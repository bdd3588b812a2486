import Foundation
import PmemDevice
import PmemSim
import PmemctlCommands
import SystemPackage
import Testing

/// What is overwritten comes back.
@Suite struct UndoCommandTests {
  private func machine() throws -> CommandHarness {
    let harness = try CommandHarness.standard()
    harness.run("namespace create --region region0 --mode fsdax --size 64MiB --name files")
    harness.run("namespace create --region region0 --mode sector --size 64MiB --name table")
    harness.run("namespace create --region region0 --mode devdax --size 64MiB --name memory")
    return harness
  }

  private static let changes = [
    "namespace destroy --force files table memory", "namespace destroy --force namespace2.0",
    "namespace reconfigure --force files --mode sector",
    "namespace reconfigure --force table --mode devdax --size 32MiB",
    "namespace reconfigure --force memory --mode raw", "label init --force nmem0", "label zero --force nmem0",
    "namespace create --region region2 --mode fsdax --force",
  ]

  /// Changes that versions before this one did not have.
  private static let newChanges = [
    "namespace reconfigure --force files --uuid 123e4567-e89b-12d3-a456-426614174000 --name other",
    "namespace reconfigure --force table --uuid 123e4567-e89b-12d3-a456-426614174000 --size 32MiB",
  ]

  @Test(arguments: changes + newChanges) func aChangeIsUndone(change: String) throws {
    let harness = try machine()
    let before = harness.run("namespace list --json").out
    let answer = harness.run(change)
    #expect(answer.status == .done, "\(answer.err)")
    #expect(harness.run("namespace list --json").out != before)
    let undo = harness.run("undo run")
    #expect(undo.status == .done, "\(undo.err)")
    #expect(harness.run("namespace list --json").out == before)
  }

  /// The kernel writes the labels of a whole set; the change wrote those of one DIMM.
  @Test func whatWasWrittenToOneDimmOfASetIsUndoneThereAlone() throws {
    let harness = try CommandHarness()
    harness.run(["sim", "create", harness.machine, "--dimm", "128MiB,set=a", "--dimm", "128MiB,set=a"])
    harness.run("namespace create --mode fsdax --size 64MiB --name first")
    let file = harness.machine + "/area"
    #expect(harness.run(["label", "read", "nmem0", "--output", file]).status == .done)
    #expect(harness.run("namespace rename first second").status == .done)
    let others = harness.run("label read nmem1").out
    let written = harness.run(["label", "write", "nmem0", "--input", file, "--force", "--yes"])
    #expect(written.status == .done, "\(written.err)")
    #expect(harness.run("namespace list -o name --noheadings").out == "first\n")
    #expect(harness.run("undo run").status == .done)
    #expect(harness.run("namespace list -o name,mode --noheadings").out == "second  fsdax\n")
    #expect(harness.run("label read nmem1").out == others)
  }

  @Test func anUndoneRepairLeavesTheModeAlone() throws {
    let harness = try machine()
    harness.run("namespace disable table")
    let labels = harness.run("label read nmem0 --json").out
    let image = FilePath(harness.machine + "/nmem0.img")
    // The second namespace, 64 MiB in: both slots of its first lane get the same sequence number.
    let descriptor = try FileDescriptor.open(image, .readWrite)
    try descriptor.closeAfter {
      let log = Int64(128 << 20) - 4096 - 256 * 64
      let slot = try [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
        count = try descriptor.read(fromAbsoluteOffset: log, into: UnsafeMutableRawBufferPointer(buffer))
      }
      _ = try descriptor.writeAll(toAbsoluteOffset: log + 16, slot)
    }
    let repaired = harness.run("namespace check --repair --yes table")
    guard harness.run("undo list").out.contains("repair") else {
      Issue.record("nothing was repaired: \(repaired.out)\(repaired.err)")
      return
    }
    #expect(harness.run("undo run --yes").status == .done)
    #expect(harness.run("label read nmem0 --json").out == labels)
  }

  /// A record as versions before this one wrote them: whole label areas and heads, and nothing of how the change left them.
  @Test(arguments: changes) func aRecordOfVersion1IsUndone(change: String) throws {
    let harness = try machine()
    let before = harness.run("namespace list --json").out
    #expect(harness.run(change).status == .done)
    let number = try #require(harness.run("undo list").out.split(separator: "\n").dropFirst().first)
      .split(separator: " ")[0]
    let file = URL(fileURLWithPath: harness.machine + "/undo/\(number).json")
    let record = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    try JSONSerialization.data(withJSONObject: try version1(record)).write(to: file)
    let undo = harness.run("undo run --yes \(number)")
    #expect(undo.status == .done, "\(undo.err)")
    #expect(harness.run("namespace list --json").out == before)
  }

  private func version1(_ record: [String: Any]) throws -> [String: Any] {
    let before = try #require(record["before"] as? [String: Any])
    let namespaces = try #require(before["namespaces"] as? [[String: Any]])
    var saved: [[String: Any]] = []
    for dimm in try #require(before["dimms"] as? [[String: Any]]) {
      guard var area = dimm["labels"] as? [String: Any] else { continue }
      area["dimm"] = dimm["dev"]
      area["id"] = dimm["id"]
      saved.append(area)
    }
    for namespace in namespaces {
      for var piece in namespace["saved"] as? [[String: Any]] ?? [] {
        piece["namespace"] = namespace["dev"]
        piece["offset"] = piece["at"]
        saved.append(piece)
      }
    }
    // Only those whose heads were kept were named.
    let named = namespaces.filter { !(($0["saved"] as? [Any] ?? []).isEmpty) }.map { namespace in
      namespace.filter { ["dev", "name", "raw_uuid", "mode", "enabled", "raw_size"].contains($0.key) }
    }
    return [
      "format": "pmemctl-undo 1", "id": record["id"] ?? 0, "time": record["time"] ?? 0,
      "title": record["title"] ?? "", "state": record["state"] ?? "", "namespaces": named, "saved": saved,
    ]
  }

  @Test(arguments: changes) func whereverItIsKilledTheOldStateComesBack(change: String) throws {
    var isWhole = false
    for steps in 0..<32 where !isWhole {
      let harness = try machine()
      let before = harness.run("namespace list --json").out
      // A lock is held as long as the machine is open.
      try {
        let machine = try SimMachine.open(FilePath(harness.machine), forWriting: true)
        var left = steps
        harness.kernel = StandInBackend(SimBackend(machine)) { step throws(DeviceError) in
          // From then on nothing is done, not even what takes steps back.
          guard left > 0 else { throw DeviceError(.failed, "killed before: \(step.words)", errno: 9) }
          left -= 1
        }
        isWhole = harness.run(change).status == .done
        harness.kernel = nil
      }()
      guard !isWhole else { break }
      guard harness.run("namespace list --json").out != before else { continue }
      harness.adoptJournal()
      let records = harness.run("undo list --json").out
      let undo = records.contains("\"id\"") ? harness.run("undo run").err : ""
      // What a plan only disabled is enabled again.
      for verb in ["region enable all", "namespace enable all"] { harness.run(verb) }
      #expect(
        harness.run("namespace list --json").out == before, "\(change), killed after \(steps) steps: \(undo)")
    }
  }

  /// A machine whose power goes in every write of a change once. A boot, then `undo run` and enabling what is disabled,
  /// give the old state, unless the change was complete but for its end.
  @Test(arguments: changes) func whereverThePowerGoesTheOldStateComesBack(change: String) throws {
    var write = 0
    var isOver = false
    while !isOver {
      let harness = try machine()
      let before = harness.run("namespace list --json").out
      try {
        let power = PowerSupply(cutAfter: write, bytes: 8 * (write % 40))
        let machine = try SimMachine.open(FilePath(harness.machine), forWriting: true, power: power)
        harness.kernel = SimBackend(machine)
        let answer = harness.run(change)
        isOver = !power.isOff
        #expect(answer.status == .done || power.isOff, "\(answer.err)")
        harness.kernel = nil
      }()
      guard !isOver else { break }
      harness.run(["sim", "reboot", harness.machine])
      harness.adoptJournal()
      if harness.run("namespace list --json").out != before,
        harness.run("undo list --json").out.contains("\"id\"")
      {
        let undo = harness.run("undo run --yes")
        #expect(undo.status == .done, "\(change), cut in write \(write): \(undo.err)")
      }
      // Kernel names are given in the order of addresses again.
      harness.run(["sim", "reboot", harness.machine])
      for verb in ["region enable all", "namespace enable all"] { harness.run(verb) }
      #expect(harness.run("namespace list --json").out == before, "\(change), cut in write \(write)")
      write += 1
    }
    #expect(write > 0)
  }
}
