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
    let copy = harness.machine + "/../area"
    harness.run(["label", "read", "nmem1", "--output", copy])
    for line in last { #expect(harness.run(line).status == .done) }
    // Without its record, it is a stranger's.
    #expect(
      harness.run(["label", "write", "--force", "--yes", "--no-undo", "nmem1", "--input", copy]).status
        == .done)
    try FileManager.default.removeItem(atPath: harness.machine + "/undo")
    return harness
  }

  @Test func itIsCompletedFromTheLabelsThatThereAre() throws {
    let harness = try machine(["namespace create --size 32MiB --name half"])
    #expect(!harness.run("namespace list").out.contains("half"))
    let found = harness.run("doctor")
    #expect(found.status == .failed && found.out.contains("labels on 1 of 2 DIMMs"), "\(found.out)")
    #expect(harness.run("doctor --fix").out == "all is well\n")
    let list = harness.run("namespace list").out
    #expect(list.contains("half") && list.contains("kept") && !list.contains("disabled"), "\(list)")
  }

  @Test func whereTheSpaceIsTakenNothingIsOffered() throws {
    let harness = try machine([
      "namespace create --size 32MiB --name half"
    ])
    // The kernel gives the space on the second DIMM to another: its labels lie there.
    let blocked = harness.run("namespace create --size 16MiB --name other")
    let found = harness.run("doctor")
    #expect(found.out.contains("labels on 1 of 2 DIMMs"), "\(blocked.err)\(found.out)")
  }

  @Test func aSetThatWasResizedOnOneDimmIsLeftAlone() throws {
    let harness = try CommandHarness()
    harness.run(["sim", "create", harness.machine, "--dimm", "128MiB,set=a", "--dimm", "128MiB,set=a"])
    harness.run("namespace create --size 32MiB --name torn")
    let copy = harness.machine + "/../area"
    harness.run(["label", "read", "nmem1", "--output", copy])
    harness.run("namespace reconfigure --force --yes torn --size 64MiB")
    harness.run(["label", "write", "--force", "--yes", "--no-undo", "nmem1", "--input", copy])
    try FileManager.default.removeItem(atPath: harness.machine + "/undo")
    let fixed = harness.run("doctor --fix")
    #expect(!fixed.err.contains("done: write"), "\(fixed.err)")
  }
}
