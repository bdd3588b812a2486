import Foundation
import PmemOutput
import PmemctlCommands
import TestSupport
import Testing

/// The schemas that are installed. Every other test checks its own JSON against them too (``CheckedJSON``).
@Suite struct JSONSchemaTests {
  private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Sources")

  /// By the parser's own account: `namespace-list`.
  private static func verbsWithJSON() throws -> Set<String> {
    let dump = try CommandHarness().run(["--experimental-dump-help"]).out
    let root = try #require(try JSON(parsing: Array(dump.utf8)).object?["command"])
    func leaves(_ command: JSON, _ path: [String]) -> [String] {
      let children = (command.object?["subcommands"]?.array ?? []).filter {
        $0.object?["commandName"]?.string != "help"
      }
      guard children.isEmpty else {
        return children.flatMap { leaves($0, path + [$0.object?["commandName"]?.string ?? ""]) }
      }
      let names = (command.object?["arguments"]?.array ?? []).flatMap { $0.object?["names"]?.array ?? [] }
      return names.contains { $0.object?["name"]?.string == "json" } ? [path.joined(separator: "-")] : []
    }
    return Set(leaves(root, []))
  }

  @Test func everyVerbWithJSONHasASchemaAndEverySchemaAVerb() throws {
    let verbs = try Self.verbsWithJSON()
    #expect(verbs.count > 100)
    #expect(JSONSchemas.installed.names == verbs.union(["error", "types"]))
  }

  /// Those that no simulated machine can do: a region of device-dax that can be divided is the platform's.
  private static let unprintable: Set<String> = ["device-create", "device-destroy"]

  @Test func everyVerbPrintsWhatItsSchemaSays() throws {
    var printed: Set<String> = []
    for session in Self.sessions {
      let harness = try CommandHarness()
      let directory = URL(fileURLWithPath: harness.machine).deletingLastPathComponent()
      let layout = """
        layout: 1
        regions:
          - {select: {min_size: 2GiB}, others: destroy, namespaces: [{name: "n-{index}", mode: fsdax, size: 64MiB}]}
        """
      try Data(layout.utf8).write(to: directory.appendingPathComponent("new.yaml"))
      for line in session {
        guard line != Self.damage else {
          try Self.flipBit(of: URL(fileURLWithPath: harness.machine + "/nmem0.img"))
          continue
        }
        let words = line.split(separator: " ").map {
          $0.replacingOccurrences(of: "DIR", with: directory.path)
            .replacingOccurrences(of: "SCENARIOS", with: Self.scenarios)
        }
        let answer = harness.run(words)
        guard words.contains("--json") else {
          #expect(answer.status == .done, "\(line): \(answer.err)")
          continue
        }
        #expect(answer.out != "", "\(line): \(answer.err)")
        printed.insert(try #require(JSONSchemas.installed.name(of: words)))
      }
    }
    #expect(try Self.verbsWithJSON().subtracting(printed) == Self.unprintable)
  }

  /// Instead of a command line: damages the info block of the first namespace of the first DIMM.
  private static let damage = "damage"

  private static func flipBit(of image: URL) throws {
    let file = try FileHandle(forUpdating: image)
    try file.seek(toOffset: 4096 + 20)
    let byte = try #require(try file.read(upToCount: 1)?.first)
    try file.seek(toOffset: 4096 + 20)
    try file.write(contentsOf: Data([byte ^ 1]))
    try file.close()
  }

  private static let scenarios = sources.deletingLastPathComponent().appendingPathComponent("Tests/Scenarios")
    .path

  /// Command lines that print JSON with `--json`; the others only lead there. DIR is a directory of their own.
  private static let sessions: [[String]] = [
    [
      "sim create DIR/machine --cxl-memdev 512MiB --cxl-memdev 512MiB,bridge=1 --cxl-window 2GiB,bridges=0+1 --json",
      "sim qemu --json", "region create mem0 mem1 --dry-run --json", "region create mem0 mem1 --json",
      "namespace create --mode raw --size 64MiB --name plain --json", "status --json", "region list --json",
      "region show region0 --json", "dimm list --json", "dimm show mem0 --json", "doctor --json",
      "undo show 1 --json", "region destroy region0 --discard-content --dry-run --json",
      "region destroy region0 --json", "undo run --json", "region destroy all --json",
    ],
    [
      "sim create DIR/machine --dry-run --dimm 2GiB --json",
      "sim create DIR/machine --dimm 2GiB --dimm 4GiB --dimm 1GiB,labels=none --e820 256MiB --json",
      "sim show --json", "sim qemu --json", "namespace create --size 256MiB --name cache --dry-run --json",
      "namespace create --size 256MiB --name cache --json",
      "namespace create --each-region --mode devdax --size 512MiB --dry-run --json",
      "namespace create --each-region --mode devdax --size 512MiB --json",
      "namespace create --mode sector --size 128MiB --name blocks --region region0 --json",
      "namespace create --mode raw --size 512MiB --name plain --region region0 --json",
      "namespace rename plain bare --dry-run --json", "namespace rename plain bare --json",
      "namespace reconfigure --name vm bare --dry-run --json",
      "namespace reconfigure --force --mode fsdax bare --dry-run --json",
      "namespace reconfigure --force --mode fsdax bare --json", "namespace disable blocks --dry-run --json",
      "namespace disable blocks --json", "namespace check blocks --json", "infoblock read --json",
      "infoblock verify --json", "namespace enable blocks --dry-run --json", "namespace enable blocks --json",
      "namespace check --force --dry-run blocks --json", "namespace check --force blocks --json",
      "sim inject-error pmem0 --block 8192 --count 8", "namespace clear-errors cache --dry-run --json",
      "namespace clear-errors cache --json", "namespace list --idle --json", "namespace show blocks --json",
      "status --idle --json", "bus list --json", "dimm list --json", "dimm show nmem0 --json",
      "dimm health --json", "sim set-health nmem0 --complete", "dimm health nmem0 --json",
      "dimm inject-smart nmem0 --fatal --dry-run --json", "dimm inject-smart nmem0 --fatal --json",
      "dimm inject-smart nmem0 --withdraw --json",
      "dimm set-alarm nmem0 --spares 40 --dry-run --json", "dimm set-alarm nmem0 --spares 40 --json",
      "namespace inject-error cache --block 99 --discard-content --dry-run --json",
      "namespace inject-error cache --block 99 --discard-content --yes --json",
      "namespace show cache --files --json",
      "namespace inject-error cache --list --json", "namespace inject-error cache --withdraw --json",
      "namespace clear-errors cache", "sim set-platform --scrub-seconds 0 --activation live",
      "bus scrub status --json", "bus scrub start ndbus0 --dry-run --json", "bus scrub start ndbus0 --json",
      "bus scrub wait --json", "sim set-firmware nmem0", "dimm firmware show --json",
      "dimm firmware update nmem0 --image DIR/machine/machine --dry-run --json",
      "dimm firmware update nmem0 --image DIR/machine/machine --json", "dimm firmware arm nmem0 --json",
      "dimm firmware disarm nmem0 --json", "dimm firmware arm nmem0 --dry-run --json",
      "dimm firmware arm nmem0 --json", "dimm firmware activate ndbus0 --dry-run --json",
      "dimm firmware activate ndbus0 --yes --json",
      "region list --json", "region show region0 --json", "dax status --json",
      "dax enable bare --for fs --force --dry-run --json", "dax enable bare --for fs --force --json",
      "dax enable bare --for qemu --force --json", "dax probe /dev/dax0.1 --json",
      "dax disable bare --force --dry-run --json", "dax disable bare --force --json", "device list --json",
      "device show dax0.1 --json", "device disable dax0.1 --dry-run --json", "device disable dax0.1 --json",
      "device enable dax0.1 --json", "device reconfigure --mode system-ram dax0.1 --dry-run --json",
      "device reconfigure --mode system-ram dax0.1 --json", "user list --json", "status --json",
      "device offline dax0.1 --json", "device online dax0.1 --dry-run --json", "device online dax0.1 --json",
      "layout export --json", "device reconfigure --mode devdax --force dax0.1 --json",
      "layout plan DIR/new.yaml --json", "layout apply DIR/new.yaml --destroy all --dry-run --json",
      "layout apply DIR/new.yaml --destroy all --json", "layout apply DIR/new.yaml --json",
      "undo list --json", "undo show 1 --json", "undo run --dry-run --json", "undo run --json",
      "doctor --json", "sim set-health nmem0 --state fatal", "monitor --once --json", "label read all --json",
      "label check all --json",
    ],
    [
      "sim create DIR/machine --dimm 2GiB --dimm 4GiB",
      "namespace create --size 256MiB --region region0 --name cache", "label backup all --output DIR/labels",
      "label read nmem0 --output DIR/nmem0", "namespace disable all --json",
      "region disable region1 --dry-run --json", "region disable region1 --json",
      "dimm disable nmem1 --dry-run --json", "dimm disable nmem1 --json", "dimm enable nmem1 --json",
      "region enable region1 --json", damage, "sim reboot", "infoblock read all --json",
      "infoblock verify all --json", "doctor --json", "infoblock repair cache --dry-run --json",
      "infoblock repair cache --yes --json", "region disable all --json", "label repair nmem0 --json",
      "label init --force nmem0 --dry-run --json", "label init --force nmem0 --json",
      "label restore DIR/labels --json", "label write nmem0 --input DIR/nmem0 --json",
      "label zero nmem0 --force --dry-run --json", "label zero nmem0 --force --json", "label read all --json",
      "sim reboot", "label recover nmem0 --dry-run --json", "label recover nmem0 --json",
      "namespace destroy --force all --dry-run --json", "namespace destroy --force all --json",
      "sim set-security nmem0", "sim set-security nmem1", "dimm security show --json",
      "dimm security setup --new-master-key all --dry-run --json",
      "dimm security setup --new-master-key all --json", "dimm security update nmem0 --json",
      "dimm security unlock nmem0 --json", "region disable all",
      "dimm security erase nmem0 --erase-all-data --dry-run --json",
      "dimm security erase nmem0 --erase-all-data --yes --json", "dimm security remove nmem1 --json",
      "keys load --json", "dimm security overwrite nmem0 --erase-all-data --dry-run --json",
      "dimm security overwrite nmem0 --erase-all-data --yes --json", "dimm security wait nmem0 --json",
      "dimm security setup nmem1 --json", "dimm security freeze nmem1 --json", "dimm list --json",
    ],
    [
      "sim create DIR/machine --dimm 2GiB --dimm 4GiB", "namespace create --size 256MiB --region region0",
      "namespace create --mode devdax --size 256MiB --name vm --region region0",
      "namespace create --size 256MiB --region region1", "sim mount pmem0 /mnt",
      "sim file create /mnt/a --size 8MiB --json", "sim file create /mnt/b --size 8MiB --json",
      "sim file list --json", "sim process start app --pid 1 --json", "sim process start other --pid 2",
      "sim process fork 1 --pid 3 --json", "sim process list --json", "sim map 1 /mnt/a --json",
      "sim map 1 dax0.1 --json", "sim map 3 /mnt/a", "sim touch 1 /mnt/a --json", "mapping list --json",
      "dax status --json", "dax probe /mnt/a --json", "dax probe /dev/dax0.1 --json",
      "sim pin 1 dax0.1 --length 4MiB --kind rdma --number 1 --json",
      "sim pin 1 /mnt/a --length 4MiB --kind direct-io --number 2 --json", "pin list --json",
      "pin list --watch --json", "mapping list --watch --json", "user list --json",
      "sim io begin 3 /mnt/a /mnt/b --number 5 --json", "sim io finish 5 --json",
      "sim truncate 2 /mnt/a --size 0 --json", "sim process list --json", "sim unpin 2 --json",
      "sim unpin 1 --json", "sim write 1 /mnt/b --length 4KiB --json",
      "sim read 1 /mnt/b --length 4KiB --json",
      "sim writeback 1 /mnt/b --sync --json", "sim sync 1 /mnt --json", "sim commit /mnt --json",
      "sim fault begin 1 dax0.1 --number 4", "sim fault finish 4 --json", "sim file remove /mnt/b --json",
      "sim unmap 1 dax0.1 --json", "sim freeze /mnt --json", "sim thaw /mnt --json",
      "sim process stop 1 --json", "sim process stop 3", "sim umount /mnt --json",
      "sim stack create data pmem0 pmem1 --json", "sim stack remove data",
      "sim provider create ram0 --size 1MiB --pool 4",
      "sim provider create far0 --kind remote --size 1MiB", "sim provider list --json",
      "sim provider pool ram0 9 --json", "sim direct-access 2 ram0 --page 3 --json",
      "sim direct-access 2 far0 --page 3 --json", "sim process list --json",
      "sim provider update far0 --json", "sim provider remove far0 --json", "sim policy list --json",
      "sim policy explain --json", "sim policy set truncate kernel --json", "sim unbind 2 vm --json",
      "sim check --json", "sim run SCENARIOS/002-truncate-waits.pmem SCENARIOS/004-question.pmem --json",
      "sim explore SCENARIOS/002-truncate-waits.pmem --without truncate-checks-pins --json",
      "sim timeline SCENARIOS/002-truncate-waits.pmem --json", "sim view --hide opens --hide pins",
      "user list --json", "pin list --json", "doctor --json", "doctor --fix --dry-run --json",
      "sim import DIR/copy --image DIR/machine/nmem0.img --json", "sim destroy DIR/copy --dry-run --json",
      "sim destroy DIR/copy --json",
    ],
  ]

  // MARK: The checker

  /// What a schema refuses, and a word of its reason.
  @Test(arguments: [
    ("namespace-list", "{}", "not of type array"), ("namespace-list", "[{}]", "has no \"dev\""),
    ("namespace-list", "[1]", "not of type object"), ("namespace-list", "\"namespace0.0\"", "type array"),
    ("sim-map", #"{"pid": 1}"#, "has no \"start\""),
    ("sim-map", #"{"pid": "1", "start": 2}"#, "type integer"),
    ("sim-map", #"{"pid": -1, "start": 2}"#, "$.pid: is less than 0"),
    ("sim-map", #"{"pid": 1, "start": 2, "end": 3}"#, "has \"end\""),
    ("dimm-list", #"[{"dev": "nmem"}]"#, "$[0].dev: does not match"),
    ("dimm-list", #"[{"dev": "nmem0", "state": "enabled"}]"#, "is none of \"disabled\""),
    ("dimm-list", #"[{"dev": "nmem0", "health_verdict": "good"}]"#, "must not be there"),
    ("sim-io-begin", "5", "is not of type object"),
    (
      "undo-run", #"{"plan": "x", "steps": [{"step": "jump", "target": "x", "text": "x"}], "warnings": []}"#,
      "none of"
    ),
    ("user-list", #"[{"complete": true, "missing": []}]"#, "is none of false"),
    ("mapping-list", #"[{"event": "incomplete", "complete": false, "missing": []}]"#, "must not be there"),
    ("mapping-list", #"{"complete": false, "missing": []}"#, "has no \"event\""),
    (
      "dimm-health",
      #"[{"dev": "nmem0", "verdict": "good", "reasons": [], "health": {"spares_percentage": 101}, "regions": [], "namespaces": []}]"#,
      "more than 100"
    ),
    (
      "error", #"{"code": 2, "class": "failed", "message": "", "details": [], "suggestions": []}"#,
      "$.code: is none of"
    ),
    ("nosuch", "[]", "there is no schema"),
  ]) func wrongValuesAreRefused(name: String, text: String, reason: String) throws {
    let value = try JSON(parsing: Array(text.utf8))
    let problem = try #require(JSONSchemas.installed.problem(with: value, in: name))
    #expect(problem.contains(reason), "\(problem)")
  }

  /// Of recorded output: a member less, a member more, another type.
  @Test(arguments: ["status", "namespace-list", "region-list", "dimm-list", "bus-list", "device-list"])
  func changedOutputIsRefused(name: String) throws {
    let recorded = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Golden/\(name).json")
    let text = try String(contentsOf: recorded, encoding: .utf8)
      .replacing(#/UUID-([0-9]+)/#) {
        "00000000-0000-0000-0000-0000000000" + (($0.1.count == 1 ? "0" : "") + $0.1)
      }
    let value = try JSON(parsing: Array(text.utf8))
    #expect(JSONSchemas.installed.problem(with: value, in: name) == nil)
    let renamed = try JSON(parsing: Array(text.replacing("\"dev\":", with: "\"device\":").utf8))
    let retyped = try JSON(parsing: Array(text.replacing("\"size\": ", with: "\"size\": -").utf8))
    let wrong = [renamed, retyped].filter { $0 != value }
    #expect(!wrong.isEmpty)
    for value in wrong { #expect(JSONSchemas.installed.problem(with: value, in: name) != nil) }
  }

  @Test(arguments: [
    (#"{"type": "object", "minProperties": 1}"#, "\"minProperties\" is not known"),
    (#"{"type": "number"}"#, "\"type\" is malformed"), (#"{"anyOf": []}"#, "\"anyOf\" is malformed"),
    (##"{"$ref": "#/$defs/nosuch"}"##, "there is no x.json#/$defs/nosuch"),
    (#"{"items": {"$ref": "other.json"}}"#, "there is no other.json"),
    (#"{"properties": {"a": {"format": "uuid"}}}"#, "x.json/properties/a: the keyword \"format\""),
    (#"{"additionalProperties": false, "required": ["a"]}"#, "\"a\" is required"), ("[]", "a schema is"),
  ]) func anUnknownKeywordIsAnError(schema: String, reason: String) throws {
    let json = try JSON(parsing: Array(schema.utf8))
    let error = try #require(throws: JSONSchemas.Malformed.self) { try JSONSchemas(files: ["x.json": json]) }
    #expect(error.description.contains(reason), "\(error)")
  }

  /// A command line whose output is not what its verb prints.
  @Test(arguments: [
    ("", "", 0, "nothing on standard output"), ("[", "", 0, "not JSON"), ("{}", "", 0, "type array"),
    ("[]\n[]", "", 0, "not JSON"), ("", "pmemctl: no\n", 1, "no JSON error"), ("", "{}\n", 1, "error.json"),
    (
      "", #"{"code": 3, "class": "not-found", "message": "", "details": [], "suggestions": []}"#, 1,
      "the status is 1"
    ),
  ]) func wrongAnswersAreFound(output: String, errors: String, status: Int32, reason: String) {
    let problems = JSONSchemas.installed.problems(
      of: ["bus", "list", "--json"], "bus-list", status: status, output: output, errors: errors)
    #expect(problems.contains { $0.contains(reason) }, "\(problems)")
  }

  // MARK: The schemas

  static let hasJSONSchema: Bool =
    (try? TestSupport.run("/usr/bin/python3", ["-c", "import jsonschema"]).status) == 0

  /// Another implementation reads them as ours does.
  @Test(.enabled(if: hasJSONSchema)) func theyAreSchemasOfTheirDraft() throws {
    let script = """
      import json, os, sys, jsonschema
      directory = sys.argv[1]
      for name in sorted(os.listdir(directory)):
          schema = json.load(open(os.path.join(directory, name)))
          jsonschema.Draft202012Validator.check_schema(schema)
          assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema", name
      print("good")
      """
    let checked = try TestSupport.run(
      "/usr/bin/python3", ["-c", script, Self.sources.appendingPathComponent("schema").path])
    #expect(checked.output == "good\n", "\(checked.errors)")
  }

  /// One line each, about the value or its unit.
  @Test func everyPropertyIsDescribed() throws {
    func undescribed(_ json: JSON, _ path: String) -> [String] {
      switch json {
      case .array(let elements): elements.enumerated().flatMap { undescribed($1, "\(path)/\($0)") }
      case .object(let object):
        object.members.flatMap { member -> [String] in
          guard member.key == "properties" else { return undescribed(member.value, "\(path)/\(member.key)") }
          return (member.value.object?.members ?? []).flatMap { property -> [String] in
            let text = property.value.object?["description"]?.string
            let isGood = property.value == .boolean(false) || text?.hasSuffix(".") == true
            return (isGood ? [] : ["\(path)/\(property.key)"])
              + undescribed(property.value, "\(path)/\(property.key)")
          }
        }
      default: []
      }
    }
    let directory = Self.sources.appendingPathComponent("schema")
    for name in JSONSchemas.installed.names {
      let json = try JSON(
        parsing: Array(try Data(contentsOf: directory.appendingPathComponent(name + ".json"))))
      #expect(undescribed(json, name) == [])
    }
  }
}
