import ArgumentParser
import PmemDevice
import PmemMedia
import PmemOutput

struct DoctorCommand: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Find and repair unfinished changes and damage.",
    discussion: """
      Checks devices, labels, the info blocks of disabled namespaces and the undo journal. --fix cleans up what other \
      tools left half-configured: devices that no process can use and that hold nothing.
      """)

  @Flag(name: .long, help: "Repair what can be repaired without removing anything in use.")
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
    try report(diagnosis, missing: backend.unseen(in: try backend.inventory(.listing)), context)
  }

  // MARK: Looking

  private func diagnose(_ backend: any CommandContext.Backend, _ context: CommandContext) throws -> Diagnosis
  {
    let inventory = try backend.inventory(.planning)
    var diagnosis = Diagnosis(inventory, health: try backend.health(of: inventory.dimms))
    let securities = try backend.security(of: inventory.dimms)
    for (dimm, security) in zip(inventory.dimms, securities) {
      if security.state == .locked { diagnosis.replaceDisabled(dimm.dev) }
      for finding in SecurityReport(dimm, security).findings { diagnosis.add(finding) }
    }
    if !backend.isSimulated {
      for finding in InitramfsFindings(inventory: inventory, security: securities).findings() {
        diagnosis.add(finding)
      }
    }
    if inventory.host.isPrivileged {
      lookAtMedia(inventory, backend, &diagnosis)
    } else {
      diagnosis.add(
        Diagnosis.Finding(
          .note, "labels", "only root may read labels and info blocks: they were not checked"))
    }
    let care = CareFindings(
      inventory: inventory, backend: backend, injectedDimms: context.injectionNotes(machine).dimms)
    for finding in try care.findings() { diagnosis.add(finding) }
    let journal = context.journal(machine)
    lookAtJournal(journal, inventory, backend, &diagnosis)
    // An interrupted change is reverted from its record.
    if inventory.host.isPrivileged, try !journal.hasUnfinished {
      for finding in try IncompleteSets(inventory: inventory, backend: backend).findings() {
        diagnosis.add(finding)
      }
    }
    return diagnosis
  }

  private func lookAtMedia(
    _ inventory: Inventory, _ backend: any CommandContext.Backend, _ diagnosis: inout Diagnosis
  ) {
    let labels = LabelExamination(inventory, backend)
    for dimm in inventory.dimms {
      let findings = labels.findings(on: dimm)
      if findings.contains(where: { $0.severity == .error }) {
        diagnosis.replaceDisabled(dimm.dev)
        for region in inventory.regions(on: [dimm]) where !region.isLabeled {
          diagnosis.replaceBlank(region.dev)
        }
      }
      for finding in findings { diagnosis.add(finding) }
      lookAtLabels(dimm, inventory, backend, &diagnosis)
    }
    for region in inventory.regions {
      let findings = labels.findings(on: region)
      if !findings.isEmpty { diagnosis.replaceDisabled(region.dev) }
      for finding in findings { diagnosis.add(finding) }
    }
    for finding in LostLabelFindings(inventory: inventory, backend: backend).findings() {
      diagnosis.replaceBlank(finding.subject)
      diagnosis.add(finding)
    }
    let infoBlocks = InfoBlockExamination(inventory, backend)
    for namespace in inventory.regions.flatMap(\.configuredNamespaces) {
      guard let finding = infoBlocks.finding(namespace) else { continue }
      diagnosis.replaceDisabled(namespace.dev)
      diagnosis.add(finding)
    }
  }

  /// The problems of a label area beside the kernel's verdict on it.
  private func lookAtLabels(
    _ dimm: DIMM, _ inventory: Inventory, _ backend: any DeviceBackend, _ diagnosis: inout Diagnosis
  ) {
    do throws(DeviceError) {
      let store = LabelStore(try backend.readLabels(dimm: dimm.dev))
      let capacity = LabelSoundness.capacity(of: dimm, inventory)
      for finding in store.findings(capacity: capacity) where !finding.isExplained {
        diagnosis.add(
          Diagnosis.Finding(
            finding.isSerious ? .error : .note, dimm.dev, finding.text,
            try: finding.isSerious ? ["pmemctl label read \(dimm.dev)"] : []))
      }
    } catch {
      guard dimm.labels != nil else { return }
      diagnosis.add(Diagnosis.Finding(.error, dimm.dev, error.summary))
    }
  }

  private func lookAtJournal(
    _ journal: UndoJournal, _ inventory: Inventory, _ backend: any CommandContext.Backend,
    _ diagnosis: inout Diagnosis
  ) {
    do throws(DeviceError) {
      let (records, damaged) = try journal.records()
      for record in records where record.state == .begun {
        diagnosis.leave(
          record.scope.subjects(in: inventory),
          to: "change \(record.id) was interrupted there: complete or undo it first")
      }
      // In the order in which they can be reverted: the latest first.
      for record in records where record.state == .begun {
        diagnosis.add(
          Diagnosis.Finding(
            .warning, "undo",
            "change \(record.id) (\(record.title)) was interrupted: \(record.stateText(journal))",
            try: [
              Restorer(target: record.before, scope: record.scope, backend: backend).suggestion(record.id)
            ]))
      }
      for text in damaged { diagnosis.add(Diagnosis.Finding(.note, "undo", text)) }
    } catch {
      // Another user's journal is of no concern to a person who is not root.
      guard error.code != .permission else { return }
      diagnosis.add(Diagnosis.Finding(.note, "undo", error.summary))
    }
  }

  // MARK: Telling

  private func report(_ diagnosis: Diagnosis, missing: [Unseen], _ context: CommandContext) throws {
    let findings = diagnosis.findings
    context.note(missing)
    if output.json {
      let elements = findings.map { Self.json($0, context) } + [missing.element].compactMap(\.self)
      try context.out.write(JSON.array(elements.map(JSON.object)).text)
    } else if findings.isEmpty {
      try context.out.write("no problems found\n")
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
      throw DeviceError(.failed, "\(counted(bad, "problem")) found")
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
