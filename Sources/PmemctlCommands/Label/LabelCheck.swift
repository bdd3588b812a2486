import ArgumentParser
import PmemDevice
import PmemMedia
import PmemOutput

struct LabelCheck: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Check the label areas of DIMMs; nothing is written.")

  @Argument(help: ArgumentHelp("nmem0, 0, or an id; all for every one with a label area.", valueName: "dimm"))
  var names: [String]

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let backend = try context.open(machine, forWriting: false)
    let inventory = try backend.inventory(.listing)
    let dimms = try LabelSelection(names).dimms(inventory)
    var values: [JSON] = []
    var bad: [String] = []
    for dimm in dimms {
      let store = LabelStore(try backend.readLabels(dimm: dimm.dev))
      let findings = store.findings(capacity: LabelSoundness.capacity(of: dimm, inventory))
      if findings.contains(where: \.isSerious) { bad.append(dimm.dev) }
      guard !output.json else {
        values.append(.object(Self.json(dimm, findings)))
        continue
      }
      let verdict =
        findings.isEmpty ? store.index == nil ? "no labels" : "good" : "\(findings.count) findings"
      try context.out.write("\(dimm.dev): \(verdict)\n")
      for finding in findings {
        try context.out.write("  \(finding.isSerious ? "" : "note: ")\(finding.text.sanitized)\n")
      }
    }
    if output.json { try context.out.write(JSON.array(values).text) }
    guard bad.isEmpty else {
      throw DeviceError(
        .corrupt, "the labels of \(bad.joined(separator: ", ")) are damaged",
        try: ["pmemctl undo list", "pmemctl label restore FILE"])
    }
  }

  private static func json(_ dimm: DIMM, _ findings: [LabelStore.Finding]) -> JSONObject {
    var object = JSONObject()
    object.add("dev", dimm.dev)
    object.add("good", !findings.contains(where: \.isSerious))
    object.add(
      "findings",
      findings.map { finding in
        var entry = JSONObject()
        entry.add("serious", finding.isSerious)
        entry.add("text", finding.text)
        return .object(entry)
      })
    return object
  }
}
