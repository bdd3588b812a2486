import Foundation
import PmemDevice
import PmemLayout
import PmemctlCommands
import TestSupport
import Testing

/// Layouts, from the file to the machine.
@Suite struct LayoutCommandTests {
  static let fleet = """
    layout: 1
    regions:
      - select: {min_size: 2GiB}
        namespaces:
          - name: vm-{index}
            mode: devdax
            size: 512MiB
          - name: ram-{index}
            mode: devdax
            size: 512MiB
            system_ram: movable
          - name: cache-{index}
            mode: fsdax
            size: rest
    """

  /// Runs a line that names the layout as FILE.
  private func run(_ line: String, _ layout: String, on harness: CommandHarness) throws -> Answer {
    let directory = try TemporaryDirectory()
    let file = directory.path + "/layout.yaml"
    try Data(layout.utf8).write(to: URL(fileURLWithPath: file))
    let answer = harness.run(line.replacingOccurrences(of: "FILE", with: file))
    return Answer(
      status: answer.status, out: answer.out.replacingOccurrences(of: file, with: "FILE"),
      err: answer.err.replacingOccurrences(of: file, with: "FILE"))
  }

  @Test func aLayoutIsPlannedAppliedAndThenNothing() throws {
    let harness = try CommandHarness.standard()
    let plan = try run("layout plan FILE", Self.fleet, on: harness)
    #expect(plan.status == .changesPending)
    try expectGolden(plan.out, "layout-plan.txt")
    try expectGolden(
      try run("layout plan FILE --json", Self.fleet, on: harness).out.withoutUUIDs, "layout-plan.json")
    #expect(try run("layout apply FILE --check", Self.fleet, on: harness).status == .changesPending)
    #expect(try run("layout apply FILE --dry-run", Self.fleet, on: harness).status == .done)
    #expect(harness.run("namespace list --json cache-0").status == .notFound)
    #expect(try run("layout apply FILE", Self.fleet, on: harness).status == .done)
    #expect(harness.run("device list").out.contains("3 of 3 blocks online, movable"))
    for line in ["layout plan FILE", "layout apply FILE", "layout apply FILE --check"] {
      let again = try run(line, Self.fleet, on: harness)
      #expect(again.status == .done && again.out.contains("nothing to do"), "\(again.out)\(again.err)")
    }
    // Nothing is left beside the machine's own files.
    #expect(harness.run(["sim", "destroy", "--yes", harness.machine]).status == .done)
  }

  @Test func exportIsTheMachineInBothLanguages() throws {
    let harness = try CommandHarness.standard()
    _ = try run("layout apply FILE", Self.fleet, on: harness)
    harness.run("namespace create --region region2 --mode sector --force --yes")
    harness.run("namespace disable cache-0")
    let yaml = harness.run("layout export").out
    try expectGolden(yaml, "layout-export.yaml")
    for text in [yaml, harness.run("layout export --json").out] {
      let plan = try run("layout plan FILE", text, on: harness)
      #expect(plan.status == .done, "\(plan.out)\(plan.err)")
    }
    // Another machine with the same hardware becomes the same.
    let other = try CommandHarness.standard()
    #expect(try run("layout apply FILE --replace all", yaml, on: other).status == .done)
    #expect(other.run("layout export").out == yaml)
  }

  /// Names that are none, doubles, words of YAML, regions that are disabled: what is exported is always what there is.
  @Test(arguments: [
    [
      "'", "yes", "0x10", "a: b", "- x", "#c", "é ☃", "\"q\"", "null", "{index}", "~", "1e3", "a\\b", "%",
      "@", "`",
    ],
    ["twin", "twin", "true"],
  ]) func anyMachineIsExported(names: [String]) throws {
    let harness = try CommandHarness.standard()
    for name in names {
      let made = harness.run(
        [
          "namespace", "create", "--region", "region1", "--mode", "sector", "--size", "32MiB",
          "--name=\(name)",
        ])
      #expect(made.status == .done, "\(made.err)")
    }
    harness.run("namespace disable namespace1.1")
    harness.run("region disable region0")
    for line in ["layout export", "layout export --json"] {
      let export = harness.run(line).out
      let plan = try run("layout plan FILE", export, on: harness)
      #expect(plan.status == .done, "\(export)\(plan.out)\(plan.err)")
    }
    harness.run("region disable all")
    #expect(try run("layout plan FILE", harness.run("layout export").out, on: harness).status == .done)
  }

  @Test func whatTakesSomethingAwayNeedsLeaveByName() throws {
    let harness = try CommandHarness.standard()
    harness.run("namespace create --region region0 --mode fsdax --size 512MiB --name vm-0")
    harness.run("namespace create --region region0 --mode raw --size 64MiB --name other")
    let before = harness.run("namespace list --json").out
    let layout = Self.fleet.replacingOccurrences(of: "GiB}\n", with: "GiB}\n    others: destroy\n")
    let refused = try run("layout apply FILE", layout, on: harness)
    #expect(refused.status == .refused)
    #expect(
      refused.err.contains("--replace vm-0 allows it") && refused.err.contains("--destroy other allows it"))
    #expect(
      refused.err.contains("FILE:6:9: namespace0.0 \"vm-0\": it is fsdax, not devdax"), "\(refused.err)")
    let half = try run("layout apply FILE --replace vm-0", layout, on: harness)
    #expect(half.status == .refused && !half.err.contains("vm-0"))
    #expect(harness.run("namespace list --json").out == before)
    let done = try run("layout apply FILE --replace vm-0 --destroy other", layout, on: harness)
    #expect(done.status == .done, "\(done.err)")
    #expect(harness.run("namespace list --json vm-0").out.contains("\"devdax\""))
    #expect(harness.run("namespace list --json other").status == .notFound)
  }

  @Test func whoeverUsesItIsInTheWay() throws {
    let harness = try CommandHarness.standard()
    harness.run("namespace create --region region0 --mode fsdax --size 512MiB --name vm-0")
    harness.run("sim mount vm-0 /srv")
    let answer = try run("layout apply FILE --replace all", Self.fleet, on: harness)
    #expect(answer.status == .refused && answer.err.contains("/srv"))
    #expect(harness.run("namespace list").out.contains("ram-0") == false)
  }

  @Test func aNameIsChangedInPlace() throws {
    let harness = try CommandHarness.standard()
    harness.run("namespace create --region region0 --mode fsdax --size 512MiB --name old")
    let layout = """
      {"layout": 1, "regions": [{"select": {"node": 0, "min_size": "2GiB"}, "namespaces": [
        {"name": "new", "renamed_from": "old", "mode": "fsdax", "size": "512MiB"}]}]}
      """
    let plan = try run("layout apply FILE", layout, on: harness)
    #expect(
      plan.status == .done && plan.out.contains("rename namespace0.0 \"old\" to \"new\""), "\(plan.err)")
    #expect(try run("layout plan FILE", layout, on: harness).status == .done)
  }

  @Test func aSavedPlanIsForThatMachineOnly() throws {
    let harness = try CommandHarness.standard()
    let directory = try TemporaryDirectory()
    let plan = directory.path + "/plan"
    #expect(try run("layout plan FILE --out \(plan)", Self.fleet, on: harness).status == .changesPending)
    harness.run("namespace create --region region0 --mode raw --size 64MiB --name since")
    let stale = harness.run("layout apply --plan \(plan)")
    #expect(stale.status == .failed && stale.err.contains("no longer in the state of the plan"))
    harness.run("namespace destroy --force since")
    let applied = harness.run("layout apply --plan \(plan)")
    #expect(applied.status == .done, "\(applied.err)")
    #expect(harness.run("layout apply --plan \(plan) --replace all").status == .usage)
  }

  @Test func aSnapshotIsPlannedAnywhere() throws {
    let host = try CommandHarness.standard()
    host.run("namespace create --region region0 --mode fsdax --size 512MiB --name vm-0")
    let directory = try TemporaryDirectory()
    let snapshot = directory.path + "/status.json"
    try Data(host.run("status --json").out.utf8).write(to: URL(fileURLWithPath: snapshot))
    let live = try run("layout plan FILE", Self.fleet, on: host)
    let elsewhere = try run("layout plan FILE --inventory \(snapshot)", Self.fleet, on: try CommandHarness())
    #expect(
      elsewhere.status == .changesPending && elsewhere.out == live.out, "\(elsewhere.out)\(elsewhere.err)")
  }

  // MARK: Packing

  /// 1 GiB of devdax with 1 GiB alignment fits behind what is aligned by itself only: the order as written fails.
  // MARK: CXL

  private static let cxlMachine =
    "--dimm 512MiB --cxl-memdev 512MiB --cxl-memdev 512MiB --cxl-memdev 512MiB --cxl-window 4GiB"

  private static let cxlLayout = """
    layout: 1
    cxl:
      - {devices: [4098, 4097], granularity: 4KiB, size: 1GiB}
      - {devices: [4099], size: 256MiB}
      - {devices: [0x1003]}
    regions:
      - select: {dimms: [4097, 4098]}
        namespaces:
          - {name: fs, mode: fsdax, size: 256MiB}
          - {name: rest, mode: devdax, size: rest}
    """

  private func cxl() throws -> CommandHarness {
    let harness = try CommandHarness()
    #expect(harness.run("sim create \(harness.machine) \(Self.cxlMachine)").status == .done)
    return harness
  }

  /// The kernel forgets CXL regions at each boot.
  @Test func aLayoutBringsCxlRegionsBackAfterABoot() throws {
    let harness = try cxl()
    let plan = try run("layout plan FILE", Self.cxlLayout, on: harness)
    #expect(plan.status == .changesPending, "\(plan.err)")
    #expect(
      plan.out.contains(
        "+ region1: create region1 of 1 GiB in decoder0.0 on mem1 (serial 4098), mem0 (serial 4097)")
        && plan.out.contains("+ region2: create region2 of 256 MiB in decoder0.0 on mem2")
        && plan.out.contains("+ region3: create region3 of 256 MiB in decoder0.0 on mem2")
        && plan.out.contains("2 namespaces of the layout are planned when they are there"), "\(plan.out)")
    #expect(try run("layout apply FILE --check", Self.cxlLayout, on: harness).status == .changesPending)
    #expect(harness.run("region list").out.contains("region1") == false)
    #expect(try run("layout apply FILE", Self.cxlLayout, on: harness).status == .done)
    let made = harness.run("namespace list --json").out
    #expect(made.contains("\"fs\"") && made.contains("\"rest\""))
    let exported = harness.run("layout export")
    for _ in 0..<2 {
      for layout in [Self.cxlLayout, exported.out] {
        let again = try run("layout plan FILE", layout, on: harness)
        #expect(again.status == .done && again.out.contains("nothing to do"), "\(again.out)\(again.err)")
      }
      #expect(harness.run("sim reboot").status == .done)
      let applied = try run("layout apply FILE", exported.out, on: harness)
      #expect(applied.status == .done, "\(applied.err)")
      #expect(harness.run("namespace list --json").out == made)
    }
  }

  @Test func anotherRegionOnTheDevicesIsInTheWay() throws {
    let harness = try cxl()
    #expect(harness.run("region create mem0 mem1").status == .done)
    let refused = try run("layout plan FILE", Self.cxlLayout, on: harness)
    #expect(refused.status == .refused)
    #expect(
      refused.err == """
        pmemctl: FILE:3:5: mem1 is in region1, which is another region than the layout's
          it is: pmemctl region create --window decoder0.0 --granularity 256 --size 1073741824 mem0 mem1
          try: pmemctl region destroy region1

        """)
    #expect(try run("layout apply FILE", Self.cxlLayout, on: harness).status == .refused)
  }

  /// What is on a region is known when it is there: then the layout can turn out not to fit.
  @Test func whatIsFoundOnANewRegionIsNotTakenWithoutLeave() throws {
    let harness = try cxl()
    #expect(try run("layout apply FILE", Self.cxlLayout, on: harness).status == .done)
    #expect(harness.run("sim reboot").status == .done)
    let other = Self.cxlLayout.replacingOccurrences(of: "mode: fsdax", with: "mode: sector")
    let refused = try run("layout apply FILE", other, on: harness)
    #expect(refused.status == .refused)
    #expect(refused.err.contains("it is fsdax, not sector"), "\(refused.err)")
    #expect(refused.err.contains("created: region1, region2, region3"), "\(refused.err)")
    #expect(!refused.err.contains("nothing was changed"))
  }

  @Test func aCxlRegionOfASnapshotIsPlannedAnywhere() throws {
    let harness = try cxl()
    let directory = try TemporaryDirectory()
    let file = directory.path + "/inventory.json"
    try Data(harness.run("status --json").out.utf8).write(to: URL(fileURLWithPath: file))
    let plan = try run("layout plan FILE --inventory \(file)", Self.cxlLayout, on: harness)
    #expect(
      plan.status == .changesPending && plan.out.contains("+ region3: create"), "\(plan.out)\(plan.err)")
  }

  @Test(arguments: [
    ("{devices: []}", "needs a device"), ("{devices: [1, 1]}", "named twice"), ("{size: 1GiB}", "devices"),
    ("{devices: [4097], granularity: 300}", "power of two"), ("{devices: [mem0]}", "names serial numbers"),
    ("{devices: [7]}", "devices: mem0 (serial 4097)"), ("{devices: [4097], ways: 2}", "ways"),
    ("{devices: [4097], size: 300MiB}", "multiple of 256 MiB"),
  ])
  func aWrongCxlRegionIsNamedWithItsPlace(text: String, reason: String) throws {
    let harness = try cxl()
    let answer = try run("layout plan FILE", "layout: 1\ncxl:\n  - \(text)\nregions: []\n", on: harness)
    #expect([.badData, .notFound].contains(answer.status), "\(answer.status)")
    #expect(answer.err.contains("FILE:3:") && answer.err.contains(reason), "\(answer.err)")
    #expect(!answer.err.contains("--size"))
  }

  @Test func anOrderIsFoundWhereTheSimpleOneFails() throws {
    let harness = try CommandHarness.standard()
    // Holes of 512 MiB and of the rest.
    for (name, size) in [("a", "512MiB"), ("b", "64MiB")] {
      harness.run("namespace create --region region0 --mode raw --size \(size) --name \(name)")
    }
    harness.run("namespace destroy --force a")
    let layout = """
      layout: 1
      regions:
        - select: {node: 0, min_size: 2GiB}
          namespaces:
            - {name: small, mode: raw, size: 16MiB}
            - {name: medium, mode: raw, size: 512MiB}
            - {name: large, mode: raw, size: 1456MiB}
      """
    let plan = try run("layout apply FILE", layout, on: harness)
    #expect(plan.status == .done, "\(plan.err)")
    let over = layout.replacingOccurrences(of: "1456MiB", with: "1472MiB")
    let other = try CommandHarness.standard()
    other.run("namespace create --region region0 --mode raw --size 64MiB --name b")
    let failed = try run("layout plan FILE", over, on: other)
    #expect(failed.status == .failed && failed.err.contains("2 of 3 fit in the best order"), "\(failed.err)")
  }

  // MARK: Errors

  @Test(arguments: [
    ("layout: 1\nregions:\n  - select: al\n", "FILE:3:13: a selector (or the word all) is expected"),
    (
      "layout: 1\nregions:\n  - select: all\n    namespace: []\n",
      "FILE:4:5: a region has no key \"namespace\""
    ),
    ("layout: 2\nregions: []\n", "layout 2 is not known"), ("", "FILE:1:1: it is empty"),
    ("layout: 1\n", "FILE:1:1: a layout needs the key \"regions\""),
    (
      "layout: 1\nregions: [{select: all, namespaces: [{mode: fsdx, size: 1GiB}]}]",
      "mode is fsdax, devdax, sector, raw"
    ),
    (
      "layout: 1\nregions: [{select: all, namespaces: [{mode: raw, size: 1GB3}]}]",
      "FILE:2:56: size: \"1GB3\""
    ),
    ("layout: 1\nregions: [{select: all, namespaces: [{mode: raw, size: 101%}]}]", "size: \"101%\""),
    (
      "layout: 1\nregions: [{select: all, namespaces: [{mode: raw, size: 1GiB, align: 2MiB}]}]",
      "raw mode has neither"
    ),
    (
      "layout: 1\nregions: [{select: all, namespaces: [{mode: fsdax, size: 1GiB, align: 3MiB}]}]",
      "not a power of two"
    ),
    (
      "layout: 1\nregions: [{select: all, namespaces: [{mode: raw, size: 1GiB, usable: 1GiB}]}]",
      "are both given"
    ),
    ("layout: 1\nregions: [{select: all, namespaces: [{mode: raw}]}]", "needs the key \"size\""),
    ("layout: 1\nregions: [{select: all, select: all}]", "\"select\" is given twice, first at line 2"),
    ("layout: 1\nregions: [{select: {}}]", "the selector is empty"),
    ("layout: [1\nregions: 2", "FILE:2:"), ("layout: 1\nregions: &a [*a]", "nested too deep"),
    ("layout: 1\nregions: []\n---\nlayout: 1\n", "one document is expected"),
    (
      "layout: 1\nregions: [{select: all, namespaces: [{mode: raw, size: 1GiB, enabled: maybe}]}]",
      "enabled is true or false"
    ),
  ]) func mistakesHaveAPlaceAndANearestWord(text: String, message: String) throws {
    let harness = try CommandHarness.standard()
    let answer = try run("layout apply FILE --replace all --destroy all", text, on: harness)
    #expect(answer.status == .badData)
    #expect(answer.err.contains(message), "\(answer.err)")
  }

  @Test(arguments: [
    ("{select: {node: 7}}", Status.notFound, "no region of this machine matches the selector"),
    (
      "{select: all, namespaces: [{name: a, mode: raw, size: 64MiB}]}", .badData,
      "write {index} into the name"
    ),
    ("{select: {node: 1}, namespaces: [{mode: raw, size: 64MiB}]}", .badData, "it needs a name"),
    (
      "{select: {node: 1}, namespaces: [{name: a, mode: raw, size: 64MiB}, {name: a, mode: raw, size: 64MiB}]}",
      .badData,
      "two namespaces would be named"
    ),
    (
      "{select: {node: 1}, namespaces: [{name: a, mode: raw, size: rest}, {name: b, mode: raw, size: rest}]}",
      .badData,
      "two namespaces of region1 want all that is left"
    ),
    ("{select: {bus: e820}, namespaces: [{mode: fsdax, size: 64MiB}]}", .badData, "size must be rest"),
    (
      "{select: {node: 1}, namespaces: [{name: namespace0.0, mode: raw, size: 64MiB}]}", .badData,
      "cannot be a name"
    ),
    (
      "{select: {node: 1}, namespaces: [{name: here, mode: raw, size: 64MiB}]}", .badData,
      "a namespace does not move"
    ),
    (
      "{select: {node: 1}, namespaces: [{name: a, mode: raw, size: 65MiB}]}", .failed,
      "must be a multiple of 16 MiB"
    ),
    ("{select: {node: 1}}, {select: {min_size: 3GiB}}", .badData, "region1 is selected at"),
  ]) func whatTheMachineCannotBeIsSaid(region: String, status: Status, message: String) throws {
    let harness = try CommandHarness.standard()
    harness.run("namespace create --region region0 --mode raw --size 64MiB --name here")
    let before = harness.run("namespace list --json").out
    let answer = try run("layout apply FILE", "layout: 1\nregions: [\(region)]\n", on: harness)
    #expect(answer.status == status && answer.err.contains(message), "\(answer.err)")
    #expect(harness.run("namespace list --json").out == before)
  }

  /// Whatever a file holds, reading it ends, with a layout or with a place.
  @Test func anyTextIsALayoutOrHasAPlace() throws {
    var generator = SeededGenerator(seed: 41)
    let good = Array(Self.fleet.utf8)
    let words = [
      "size", "mode", ": ", "- ", "{", "}", "[", "]", "\n", "  ", "&a ", "*a", "\"", "'", "|", "\u{0}", "é",
      "%",
    ]
    var accepted = 0
    for _ in 0..<100_000 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let place = Int.random(in: bytes.indices, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(contentsOf: (words.randomElement(using: &generator) ?? "").utf8, at: place)
        default:
          let end = min(bytes.count, place + Int.random(in: 1...40, using: &generator))
          bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: bytes.indices, using: &generator))
        }
      }
      do throws(DeviceError) {
        _ = try Layout(parsing: bytes, file: "FILE")
        accepted += 1
      } catch {
        #expect(error.code == .corrupt && error.summary.hasPrefix("FILE"), "\(error.summary)")
      }
    }
    #expect(accepted > 1000)
  }

  // MARK: The schema

  private static let hasChecker =
    (try? TestSupport.run("/usr/bin/python3", ["-c", "import jsonschema"]).status) == 0

  /// What the published schema says of a file, the reader says too.
  @Test(.enabled(if: hasChecker)) func theSchemaAndTheReaderAgree() throws {
    var generator = SeededGenerator(seed: 51)
    var texts: [String] = []
    for _ in 0..<3000 { texts.append(Self.document(&generator)) }
    let directory = try TemporaryDirectory()
    let schema = try CommandHarness().run("layout schema").out
    try Data(schema.utf8).write(to: URL(fileURLWithPath: directory.path + "/schema"))
    try Data(texts.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: directory.path + "/texts"))
    let script = """
      import json, sys, jsonschema
      schema = json.load(open(sys.argv[1] + "/schema"))
      jsonschema.Draft202012Validator.check_schema(schema)
      check = jsonschema.Draft202012Validator(schema)
      print("".join("1" if check.is_valid(json.loads(line)) else "0" for line in open(sys.argv[1] + "/texts")))
      """
    let checked = try TestSupport.run("/usr/bin/python3", ["-c", script, directory.path])
    #expect(checked.status == 0, "\(checked.errors)")
    let verdicts = Array(checked.output.filter { "01".contains($0) })
    try #require(verdicts.count == texts.count)
    for (text, verdict) in zip(texts, verdicts) {
      var reason = ""
      do throws(DeviceError) { _ = try Layout(parsing: Array(text.utf8), file: "FILE") } catch {
        reason = error.summary
      }
      #expect(reason.isEmpty == (verdict == "1"), "\(text): \(reason)")
    }
    #expect(verdicts.filter { $0 == "1" }.count > 300)
  }

  /// A document that is mostly right.
  private static func document(_ generator: inout SeededGenerator) -> String {
    func pick(_ words: [String]) -> String { words.randomElement(using: &generator) ?? "" }
    func rarely(_ odds: Int = 12) -> Bool { Int.random(in: 0..<odds, using: &generator) == 0 }
    let odd = ["true", "null", "[]", "{}", "\"\"", "\"x\"", "-1", "1.5"]
    func value(_ good: [String]) -> String { rarely(20) ? pick(odd) : pick(good) }
    let sizes = ["\"16GiB\"", "\"64M\"", "\"1.5GiB\"", "16777216", "\"16 MiB\"", "\"2TB\""]
    var namespace: [String] = []
    if !rarely() {
      namespace.append(
        "\"mode\": \(value(["\"fsdax\"", "\"devdax\"", "\"devdax\"", "\"sector\"", "\"raw\""]))")
    }
    if !rarely() { namespace.append("\"name\": \(value(["\"a\"", "\"b-{index}\"", "7"]))") }
    if !rarely() {
      namespace.append(
        "\"size\": \(value(sizes + ["\"25%\"", "\"rest\"", "\"max\"", "\"101%\"", "\"0%\"", "0"]))")
    }
    if rarely(6) { namespace.append("\"usable\": \(value(sizes + ["\"10%\""]))") }
    if rarely(4) { namespace.append("\"map\": \(value(["\"dev\"", "\"mem\"", "\"none\""]))") }
    if rarely(6) { namespace.append("\"align\": \(value(["\"2MiB\"", "4096", "\"1GiB\""]))") }
    if rarely(6) { namespace.append("\"sector_size\": \(value(["512", "4096"]))") }
    if rarely(6) {
      namespace.append("\"system_ram\": \(value(["\"movable\"", "\"kernel\"", "\"offline\""]))")
    }
    if rarely(6) { namespace.append("\"enabled\": \(value(["true", "false"]))") }
    if rarely(8) { namespace.append("\"uuid\": \(value(["\"0d2ab2b6-dc0c-4bf5-95b8-3f5d2b6f3a11\""]))") }
    if rarely(25) { namespace.append("\"sizee\": 1") }
    let selector = value([
      "\"all\"", "{\"node\": 0}", "{\"dimms\": [\"a\", \"b\"]}",
      "{\"min_size\": \"1GiB\", \"bus\": \"e820\"}",
      "{\"address\": \"0x100\"}", "{\"interleave_set\": 12}", "{\"dimms\": []}", "{\"nod\": 0}",
      "{\"node\": -1}",
    ])
    var region = ["\"select\": \(selector)"]
    if rarely(4) { region.append("\"others\": \(value(["\"keep\"", "\"destroy\""]))") }
    if !rarely() { region.append("\"namespaces\": [{\(namespace.joined(separator: ", "))}]") }
    var cxl: [String] = []
    if !rarely() {
      cxl.append(
        "\"devices\": \(value(["[4097]", "[4098, 4097]", "[\"0000:0d:00.0\"]", "[1, 1]", "[]", "[{}]"]))")
    }
    if rarely(3) { cxl.append("\"granularity\": \(value(["\"4KiB\"", "256"]))") }
    if rarely(3) { cxl.append("\"size\": \(value(sizes))") }
    if rarely(3) { cxl.append("\"window\": \(value(["\"decoder0.0\""]))") }
    if rarely(25) { cxl.append("\"ways\": 1") }
    let first = rarely(3) ? "\"cxl\": [{\(cxl.joined(separator: ", "))}], " : ""
    return
      "{\"layout\": \(rarely(30) ? "2" : "1"), \(first)\"regions\": [{\(region.joined(separator: ", "))}]}"
  }
}
