import Foundation
import PmemDevice
import PmemLayout
import TestSupport
import Testing

@testable import PmemctlCommands

/// Input files from elsewhere: inventories, layouts, saved plans, scenarios. Exit 65 with file and line, and nothing is
/// written outside of what the command names.
@Suite struct HostileInputTests {
  private static let inventory = """
    {
      "kernel": "6.12",
      "buses": [
        {"provider": "ACPI.NFIT", "dev": "ndbus0",
          "dimms": [{"dev": "nmem0", "id": "8680-56341200", "available_slots": 507}],
          "regions": [
            {"dev": "region0", "size": 134217728, "resource": 6442450944,
              "align": 16777216, "labeled": true, "numa_node": 0,
              "mappings": [{"dimm": "nmem0", "offset": 0, "length": 134217728, "position": 0}],
              "namespaces": [
                {"dev": "namespace0.0", "mode": "fsdax", "map": "dev", "size": 31457280,
                  "uuid": "fb692e47-898d-41d1-ab95-3d1986e7a19e", "align": 2097152,
                  "raw_size": 33554432, "resource": 6442450944}]}]}]
    }
    """

  static let inventories = [
    (
      "\"offset\": 0", "\"offset\": 18446744073709551614",
      "line 9: buses[0].regions[0].mappings[0].offset is not"
    ),
    ("\"align\": 16777216", "\"align\": 18446744073709551615", "line 8: buses[0].regions[0].align is not"),
    ("\"align\": 16777216", "\"align\": 0", "line 8: buses[0].regions[0].align is not"),
    ("\"size\": 134217728", "\"size\": 9223372036854775808", "line 7: buses[0].regions[0].size is not"),
    ("\"align\": 2097152", "\"align\": 3", "line 12: buses[0].regions[0].namespaces[0].align is not"),
    ("\"raw_size\": 33554432, ", "", "line 11: buses[0].regions[0].namespaces[0].raw_size is missing"),
    ("507", "18446744073709551615", "line 5: buses[0].dimms[0].available_slots is not"),
    ("region0", "region9223372036854775807", "line 7: buses[0].regions[0].dev is not"),
    ("\"position\": 0", "\"position\": -1", "line 9: buses[0].regions[0].mappings[0].position is not"),
    ("\"numa_node\": 0", "\"numa_node\": 4294967296", "line 8: buses[0].regions[0].numa_node is not"),
    (
      "{\"dev\": \"nmem0\", \"id\"", "{\"dev\": \"nmem0\"}, {\"dev\": \"nmem0\", \"id\"",
      "line 3: buses: nmem0 appears twice"
    ),
    ("[{\"dimm\"", String(repeating: "[", count: 200) + "{\"dimm\"", "nested more than 128 deep"),
  ]

  @Test(arguments: inventories) func anInventoryIsCheckedWhereItIsRead(
    old: String, new: String, says: String
  ) throws {
    let directory = try TemporaryDirectory()
    let harness = try CommandHarness()
    let file = directory.path + "/inventory.json"
    #expect(Self.inventory.contains(old))
    try Self.inventory.replacingOccurrences(of: old, with: new).write(
      toFile: file, atomically: true, encoding: .utf8)
    let answer = harness.run(["sim", "import", harness.machine, "--inventory", file])
    #expect(answer.status == .badData && answer.err.contains(says), "\(answer.err)")
    #expect(answer.err.hasPrefix("pmemctl: \(file), line "))
    #expect(!FileManager.default.fileExists(atPath: harness.machine))
  }

  @Test func theInventoryItselfIsTaken() throws {
    let directory = try TemporaryDirectory()
    let harness = try CommandHarness()
    let file = directory.path + "/inventory.json"
    try Self.inventory.write(toFile: file, atomically: true, encoding: .utf8)
    let answer = harness.run(["sim", "import", harness.machine, "--inventory", file])
    #expect(answer.status == .done, "\(answer.err)")
  }

  // MARK: Layouts

  /// Ten aliases of the level before at each of nine levels: a billion of values.
  private static let nested =
    "layout: 1\na: &a [x]\n"
    + zip("abcdefgh", "bcdefghi").map { below, name in
      "\(name): &\(name) [\(Array(repeating: "*\(below)", count: 10).joined(separator: ", "))]\n"
    }.joined()

  /// A scalar of a mebibyte, a thousand times: 1 GiB.
  private static let long =
    "layout: 1\na: &a \(String(repeating: "x", count: 1 << 20))\nregions: ["
    + Array(repeating: "*a", count: 1000).joined(separator: ", ") + "]\n"

  @Test(arguments: [
    (nested, "FILE:7:", "too large: more than 200000 values"),
    (long, "FILE:3:", "too large: more than 4 MiB of text"),
    ("layout: 1\nregions: &a [*a]\n", "FILE:2:", "nested too deep"),
    ("layout: 1\nregions: *b\n", "FILE:2:10", "found undefined alias"),
    ("layout: 1\na: &a 1\nb: &a 1\n", "FILE:3:4", "found duplicate anchor"),
    ("layout: 1\nregions: " + String(repeating: "[", count: 40), "FILE:2:", "nested too deep"),
    ("layout: 1\n---\nregions: 1\n", "FILE:2:1", "one document"),
    (String(repeating: "%TAG !a! b\n", count: 17), "FILE:17:1", "directives"),
    (String(repeating: "#", count: 3 << 20), "FILE:1:1", "too large: more than 2 MiB"),
  ]) func whatALayoutCanCostIsBounded(text: String, place: String, says: String) throws {
    let error = #expect(throws: DeviceError.self) { try Layout(parsing: Array(text.utf8), file: "FILE") }
    #expect(error?.code == .corrupt)
    #expect(error?.summary.hasPrefix(place) ?? false, "\(error?.summary.prefix(200) ?? "")")
    #expect(error?.summary.contains(says) ?? false, "\(error?.summary.prefix(200) ?? "")")
  }

  @Test func aliasesAreStillRead() throws {
    let text = """
      layout: 1
      regions:
        - select: {node: 0}
          namespaces: &two
            - {name: a, mode: raw, size: &size 64MiB}
            - {name: b, mode: raw, size: *size}
        - select: {node: 1}
          namespaces: *two
      """
    let layout = try Layout(parsing: Array(text.utf8), file: "FILE")
    #expect(layout.regions.map(\.namespaces.count) == [2, 2])
    #expect(layout.regions[1].namespaces[1].amount == .bytes(.mebibytes(64)))
  }

  @Test func aSavedPlanNamesItsOwnLine() throws {
    let directory = try TemporaryDirectory()
    let harness = try CommandHarness.standard()
    let file = directory.path + "/plan.json"
    let text = """
      {
        "kind": "pmemctl-layout-plan 1", "file": "other.yaml", "machine": 7, "replace": [], "destroy": [],
        "layout": "layout: 18446744073709551616"
      }
      """
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    let answer = harness.run(["layout", "apply", "--plan", file])
    #expect(answer.status == .badData)
    #expect(
      answer.err.contains("\(file), line 3, other.yaml:1:9: layout is a number"), "\(answer.err)")
  }

  // MARK: Scenarios

  @Test(arguments: [
    "label read nmem0 --output OUT", "label backup all -o OUT", "layout plan x.yaml --out OUT",
    "sim timeline x.pmem --svg OUT", "sim create OUT --dimm 1GiB",
    "sim import OUT --inventory x.json", "sim destroy OTHER", "sim destroy --yes", "sim reboot OTHER",
    "sim run x.pmem", "sim explore x.pmem", "namespace create --sim OTHER", "sim process start a --sim=OTHER",
    "undo run --sim OTHER", "namespace destroy --force all --sim OTHER",
  ]) func aScenarioStaysOnItsMachine(step: String) throws {
    let directory = try TemporaryDirectory()
    let harness = try CommandHarness()
    let other = directory.path + "/other"
    #expect(harness.run(["sim", "create", other, "--dimm", "1GiB"]).status == .done)
    let before = try FileManager.default.contentsOfDirectory(atPath: other).sorted()
    let line = step.replacingOccurrences(of: "OTHER", with: other).replacingOccurrences(
      of: "OUT", with: directory.path + "/out")
    let file = directory.path + "/x.pmem"
    try "machine: --dimm 1GiB\nsim process list\n\(line)\n".write(
      toFile: file, atomically: true, encoding: .utf8)
    for verb in ["run", "explore", "timeline"] {
      let answer = harness.run(["sim", verb, file])
      #expect(answer.status == .badData, "\(answer.err)")
      #expect(answer.err.hasPrefix("pmemctl: \(file), line 3: a scenario "), "\(answer.err)")
      #expect(!FileManager.default.fileExists(atPath: directory.path + "/out"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: other).sorted() == before)
    }
  }

  @Test(arguments: [
    ("sim process start " + String(repeating: "- ", count: 200), "more than 128 words"),
    ("about: " + String(repeating: "x", count: 5000), "longer than 4096 bytes"),
    (String(repeating: "#\n", count: 2000), "more than 2000 lines"),
  ]) func aScenarioIsBounded(text: String, says: String) throws {
    let directory = try TemporaryDirectory()
    let harness = try CommandHarness()
    let file = directory.path + "/x.pmem"
    try "machine: --dimm 1GiB\n\(text)\n".write(toFile: file, atomically: true, encoding: .utf8)
    let answer = harness.run(["sim", "run", file])
    #expect(answer.status == .badData && answer.err.contains(says), "\(answer.err.prefix(300))")
  }

  @Test func aScenarioMayPrint() throws {
    let directory = try TemporaryDirectory()
    let harness = try CommandHarness()
    let file = directory.path + "/x.pmem"
    let text = "machine: --dimm 1GiB\nlabel backup all --output -\n  -> prints pmemctl-labels\n"
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    let answer = harness.run(["sim", "run", file])
    #expect(answer.status == .done, "\(answer.out) \(answer.err)")
  }

  @Test(arguments: [
    ("--dimm 1GiB,colour=red", "is not known"), ("--dimm 99999TiB", "is not possible"),
    ("--dimm 1GiB --dry-run", "has more than"),
    ("--dimm", "it describes no machine"), ("--help", "has more than"),
    ("/tmp/x --dimm 1GiB", "no machine"),
  ]) func aMachineLineIsCheckedWhereItIsRead(line: String, says: String) throws {
    let directory = try TemporaryDirectory()
    let harness = try CommandHarness()
    let file = directory.path + "/x.pmem"
    try "about: x\nmachine: \(line)\nsim process list\n".write(
      toFile: file, atomically: true, encoding: .utf8)
    let answer = harness.run(["sim", "run", file])
    #expect(answer.status == .badData, "\(answer.err)")
    #expect(answer.err.hasPrefix("pmemctl: \(file), line 2: ") && answer.err.contains(says), "\(answer.err)")
  }
}
