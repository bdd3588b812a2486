import ArgumentParser
import PmemDevice
import PmemMedia
import PmemOutput

struct LabelCheck: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Check the label areas of DIMMs; nothing is written.")

  @Argument(
    help: ArgumentHelp("nmem0, 0, or an id; all for every one with a label area.", valueName: "dimm"),
    completion: .names(.dimms))
  var names: [String]

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let backend = try context.open(machine, forWriting: false)
    let inventory = try backend.inventory(.listing)
    let dimms = try LabelSelection(names).dimms(inventory)
    let examination = LabelExamination(inventory, backend)
    var values: [JSON] = []
    var bad: [String] = []
    for dimm in dimms {
      let store = LabelStore(try backend.readLabels(dimm: dimm.dev))
      let findings = Self.findings(dimm, store, examination)
      if findings.contains(where: \.isSerious) { bad.append(dimm.dev) }
      guard !output.json else {
        values.append(.object(Self.json(dimm, findings)))
        continue
      }
      let verdict =
        findings.isEmpty
        ? store.index == nil ? "no labels" : "good"
        : counted(findings.count, "finding")
      try context.out.write("\(dimm.dev): \(verdict)\n")
      for finding in findings {
        try context.out.write("  \(finding.isSerious ? "" : "note: ")\(finding.text.sanitized)\n")
      }
    }
    if output.json { try context.out.write(JSON.array(values).text) }
    guard bad.isEmpty else {
      throw DeviceError(
        .corrupt, "the labels of \(bad.joined(separator: ", ")) are damaged",
        try: ["pmemctl label repair \(words: bad)", "pmemctl undo list", "pmemctl label restore FILE"])
    }
  }

  /// The problems of an area, and the kernel's verdict on it.
  private static func findings(
    _ dimm: DIMM, _ store: LabelStore, _ examination: LabelExamination
  ) -> [LabelStore.Finding] {
    let inventory = examination.inventory
    let own = store.findings(capacity: LabelSoundness.capacity(of: dimm, inventory))
    let more =
      examination.findings(on: dimm)
      + inventory.regions(on: [dimm]).flatMap { region in
        examination.findings(on: region).map { finding in
          Diagnosis.Finding(finding.severity, region.dev, "\(region.dev): \(finding.text)")
        }
      }
    return own.filter { !$0.isExplained }
      + more.map { LabelStore.Finding(isSerious: $0.severity != .note, text: $0.text) }
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
