import Foundation
import PmemctlCommands
import Testing

/// An interleave set with labels on some of its DIMMs, as another tool leaves it that is cut.
@Suite struct IncompleteSetTests {
  /// A set of two whose second DIMM lacks the labels of what was created last.
  private func machine(_ last: [String]) throws -> CommandHarness {
    let harness = try CommandHarness()
    harness.run(["sim", "create", harness.machine, "--dimm", "128MiB,set=a", "--dimm", "128MiB,set=a"])
    harness.run("namespace create --size 32MiB --name kept")
    let image = harness.machine + "/nmem1.img"
    let copy = try Self.area(image)
    for line in last { #expect(harness.run(line).status == .done) }
    // Without its record, it is a stranger's.
    try Self.write(copy, to: image)
    harness.run(["sim", "reboot", harness.machine])
    try FileManager.default.removeItem(atPath: harness.machine + "/undo")
    return harness
  }

  private static let size: UInt64 = 128 << 20

  private static func area(_ image: String) throws -> Data {
    let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: image))
    try handle.seek(toOffset: size)
    return try handle.readToEnd() ?? Data()
  }

  private static func write(_ area: Data, to image: String) throws {
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: image))
    try handle.seek(toOffset: size)
    try handle.write(contentsOf: area)
  }

  @Test func itIsCompletedFromTheLabelsThatThereAre() throws {
    let harness = try machine(["namespace create --size 32MiB --name half"])
    #expect(!harness.run("namespace list").out.contains("half"))
    let found = harness.run("doctor")
    #expect(found.status == .failed && found.out.contains("labels on 1 of 2 DIMMs"), "\(found.out)")
    #expect(harness.run("doctor --fix").out == "no problems found\n")
    let list = harness.run("namespace list").out
    #expect(list.contains("half") && list.contains("kept") && !list.contains("disabled"), "\(list)")
  }

  @Test func whereTheSpaceIsTakenNothingIsOffered() throws {
    let harness = try machine([
      "namespace create --size 32MiB --name half"
    ])
    // The kernel does not enable the region for it.
    let blocked = harness.run("namespace create --size 16MiB --name other")
    let found = harness.run("doctor")
    #expect(found.out.contains("labels on 1 of 2 DIMMs"), "\(blocked.err)\(found.out)")
  }

  @Test func aSetThatWasResizedOnOneDimmIsLeftAlone() throws {
    let harness = try CommandHarness()
    harness.run(["sim", "create", harness.machine, "--dimm", "128MiB,set=a", "--dimm", "128MiB,set=a"])
    harness.run("namespace create --size 32MiB --name torn")
    let image = harness.machine + "/nmem1.img"
    let copy = try Self.area(image)
    harness.run("namespace reconfigure --force --yes torn --size 64MiB")
    try Self.write(copy, to: image)
    harness.run(["sim", "reboot", harness.machine])
    try FileManager.default.removeItem(atPath: harness.machine + "/undo")
    let fixed = harness.run("doctor --fix")
    #expect(!fixed.err.contains("done: write"), "\(fixed.err)")
  }
}
