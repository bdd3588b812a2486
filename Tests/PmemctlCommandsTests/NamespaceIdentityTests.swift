import Foundation
import PmemctlCommands
import Testing

/// `namespace reconfigure --uuid` and `--name`: what a namespace is called by, in its labels.
@Suite struct NamespaceIdentityTests {
  private static let uuid = "123e4567-e89b-12d3-a456-426614174000"

  private func namespaces(_ harness: CommandHarness) throws -> [[String: Any]] {
    let list = harness.run("namespace list --json").out
    return try #require(try JSONSerialization.jsonObject(with: Data(list.utf8)) as? [[String: Any]])
  }

  @Test(arguments: ["fsdax", "devdax", "sector", "raw"])
  func anotherUUIDAndNameAreInTheLabelsAndTheModeStays(mode: String) throws {
    let harness = try CommandHarness.standard()
    harness.run("namespace create --region region0 --mode \(mode) --size 64MiB --name old")
    let all = try namespaces(harness)
    let before = try #require(all.first { $0["name"] as? String == "old" })
    let answer = harness.run("namespace reconfigure --force --uuid \(Self.uuid) --name new old")
    #expect(answer.status == .done, "\(answer.err)")
    harness.run(["sim", "reboot", harness.machine])
    #expect(harness.run("label check nmem0").out == "nmem0: good\n")
    #expect(harness.run("namespace show \(Self.uuid)").status == .done)
    let now = try namespaces(harness)
    let after = try #require(now.first { $0["name"] as? String == "new" })
    #expect(now.count == all.count)
    for key in ["dev", "mode", "size", "align", "blockdev", "chardev"] {
      #expect("\(after[key] ?? "")" == "\(before[key] ?? "")", "\(key)")
    }
  }

  @Test func aRawNamespaceKeepsItsContent() throws {
    let harness = try CommandHarness.standard()
    harness.run("namespace create --region region0 --mode raw --size 64MiB --name old")
    let image = harness.machine + "/nmem0.img"
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: image))
    try handle.write(contentsOf: Data("content".utf8))
    #expect(harness.run("namespace reconfigure --force --uuid \(Self.uuid) old").status == .done)
    try handle.seek(toOffset: 0)
    #expect(try handle.read(upToCount: 7) == Data("content".utf8))
    try handle.close()
  }

  @Test func theSameUUIDChangesNothing() throws {
    let harness = try CommandHarness.standard()
    harness.run("namespace create --region region0 --size 64MiB --uuid \(Self.uuid)")
    let answer = harness.run("namespace reconfigure --force --uuid \(Self.uuid) namespace0.0")
    #expect(
      answer.status == .done && answer.err.contains("is already configured like that"),
      "\(answer.out)\(answer.err)")
  }

  @Test func thePlanShowsTheUUIDAndChangesNothing() throws {
    let harness = try CommandHarness.standard()
    harness.run("namespace create --region region0 --size 64MiB --name old")
    let before = harness.run("namespace list --json").out
    let plan = harness.run("namespace reconfigure --force --uuid \(Self.uuid) --dry-run old")
    #expect(
      plan.status == .done && plan.out.contains("write the UUID \(Self.uuid) to its labels"), "\(plan.err)")
    #expect(harness.run("namespace list --json").out == before)
  }

  static let refusals: [(String, Status)] = [
    ("--uuid \(uuid) old", .failed), ("--uuid 12 old", .usage),
    ("--uuid 00000000-0000-0000-0000-000000000000 old", .usage),
    ("--uuid \(uuid) namespace2.0", .notSupported),
    ("old", .usage),
  ]

  @Test(arguments: refusals) func whatCannotBeIsRefusedWithItsStatus(arguments: String, status: Status) throws
  {
    let harness = try CommandHarness.standard()
    harness.run("namespace create --region region0 --size 64MiB --name old")
    if status == .failed { harness.run("namespace create --region region1 --size 64MiB --uuid \(Self.uuid)") }
    let before = harness.run("namespace list --json").out
    let answer = harness.run("namespace reconfigure --force \(arguments)")
    #expect(answer.status == status, "\(answer.err)")
    #expect(harness.run("namespace list --json").out == before)
  }
}
