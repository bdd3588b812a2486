import ArgumentParser
import PmemDevice
import PmemMedia
import PmemOutput

struct DoctorCommand: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Find what is half done, damaged or in nobody's use, and put it right.",
    discussion: """
      Looks at devices, labels, the info blocks of disabled namespaces and the undo journal. --fix cleans up what \
      other tools left half done: devices that nobody can use, and that hold nothing.
      """)

  @Flag(name: .long, help: "Put right what can be put right without taking anything from anybody.")
  var fix = false

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let backend = try context.open(machine, forWriting: fix && !change.dryRun)
    var diagnosis = try diagnose(backend, context)
    if fix, let plan = diagnosis.fix {
      let frame = Change(context, change, output, machine)
      guard try frame.carryOut(plan, from: try backend.inventory(.planning), on: backend) else { return }
      for entry in plan.entries { context.note("done: \(entry.text)") }
      diagnosis = try diagnose(backend, context)
    }
    try report(diagnosis, context)
  }

  // MARK: Looking

  private func diagnose(_ backend: any CommandContext.Backend, _ context: CommandContext) throws -> Diagnosis
  {
    let inventory = try backend.inventory(.planning)
    var diagnosis = Diagnosis(inventory)
    if inventory.host.isPrivileged {
      for dimm in inventory.dimms where dimm.labels != nil {
        lookAtLabels(dimm, inventory, backend, &diagnosis)
      }
      for namespace in inventory.regions.flatMap(\.configuredNamespaces) {
        guard let trouble = TrueNamespace(namespace, on: backend).trouble else { continue }
        diagnosis.add(
          Diagnosis.Finding(
            .error, namespace.dev, "its info block is damaged: \(trouble)",
            try: ["pmemctl namespace check \(namespace.dev)"]))
      }
    } else {
      diagnosis.add(
        Diagnosis.Finding(
          .note, "labels", "only root may read labels and info blocks: they were not looked at"))
    }
    let journal = context.journal(machine)
    lookAtJournal(journal, backend, &diagnosis)
    // What a change left that was cut is reverted from its record.
    if inventory.host.isPrivileged, try !journal.hasUnfinished {
      for finding in try IncompleteSets(inventory: inventory, backend: backend).findings() {
        diagnosis.add(finding)
      }
    }
    return diagnosis
  }

  private func lookAtLabels(
    _ dimm: DIMM, _ inventory: Inventory, _ backend: any DeviceBackend, _ diagnosis: inout Diagnosis
  ) {
    do throws(DeviceError) {
      let store = LabelStore(try backend.readLabels(dimm: dimm.dev))
      let capacity = LabelSoundness.capacity(of: dimm, inventory)
      for finding in store.findings(capacity: capacity) {
        diagnosis.add(
          Diagnosis.Finding(
            finding.isSerious ? .error : .note, dimm.dev, finding.text,
            try: finding.isSerious ? ["pmemctl label read \(dimm.dev)"] : []))
      }
      let cookies = Set(inventory.regions(on: [dimm]).compactMap(\.isetID))
      let foreign = store.active.filter { !cookies.contains($0.setCookie) }
      if !foreign.isEmpty, !cookies.isEmpty {
        diagnosis.add(
          Diagnosis.Finding(
            .error, dimm.dev,
            "\(foreign.count) labels belong to another set of DIMMs: their namespaces cannot be assembled here, and take space"
          ))
      }
    } catch {
      diagnosis.add(Diagnosis.Finding(.error, dimm.dev, error.summary))
    }
  }

  private func lookAtJournal(
    _ journal: UndoJournal, _ backend: any CommandContext.Backend, _ diagnosis: inout Diagnosis
  ) {
    do throws(DeviceError) {
      let (records, damaged) = try journal.records()
      // In the order in which they can be reverted: the latest first.
      for record in records where record.state == .begun {
        diagnosis.add(
          Diagnosis.Finding(
            .warning, "undo",
            "change \(record.id) (\(record.title)) was cut short: \(record.stateText(journal))",
            try: [
              Restorer(target: record.before, scope: record.scope, backend: backend).suggestion(record.id)
            ]))
      }
      for text in damaged { diagnosis.add(Diagnosis.Finding(.note, "undo", text)) }
    } catch {
      // Somebody else's journal is no concern of a person who is not root.
      guard error.code != .permission else { return }
      diagnosis.add(Diagnosis.Finding(.note, "undo", error.summary))
    }
  }

  // MARK: Telling

  private func report(_ diagnosis: Diagnosis, _ context: CommandContext) throws {
    let findings = diagnosis.findings
    if output.json {
      try context.out.write(JSON.array(findings.map { .object(Self.json($0, context)) }).text)
    } else if findings.isEmpty {
      try context.out.write("all is well\n")
    } else {
      var text = ""
      for severity in Diagnosis.Severity.allCases {
        for finding in findings where finding.severity == severity {
          text += "\(severity.rawValue): \(finding.subject): \(finding.text.sanitized)\n"
          if !finding.fix.isEmpty {
            text += "  --fix would \(finding.fix.map(\.text).joined(separator: ", ").sanitized)\n"
          }
          for suggestion in finding.suggestions { text += "  try: \(context.text(suggestion).sanitized)\n" }
        }
      }
      try context.out.write(text)
    }
    let bad = findings.count { $0.severity != .note }
    guard bad == 0 else {
      throw DeviceError(.failed, "\(bad) thing\(bad == 1 ? " is" : "s are") not as they should be")
    }
  }

  /// Keys: `severity`, `subject`, `text`, `fix` [texts of steps], `try` [commands].
  private static func json(_ finding: Diagnosis.Finding, _ context: CommandContext) -> JSONObject {
    var object = JSONObject()
    object.add("severity", finding.severity.rawValue)
    object.add("subject", finding.subject)
    object.add("text", finding.text)
    object.add("fix", finding.fix.map { .string($0.text) })
    object.add("try", finding.suggestions.map { .string(context.text($0)) })
    return object
  }
}
