import PmemDevice
import PmemOutput

/// A plan as a person and as a program read it.
struct PlanRendering {
  private let plan: Plan

  init(_ plan: Plan) { self.plan = plan }

  func text(isDryRun: Bool) -> String {
    var text = "Plan: \(plan.title.sanitized)\n"
    if !plan.facts.isEmpty { text += "\n" + facts }
    text += "\n"
    for (index, entry) in plan.entries.enumerated() { text += "  \(index + 1) \(entry.text.sanitized)\n" }
    if plan.entries.isEmpty { text += "  nothing to do\n" }
    for warning in plan.warnings { text += "\nNote: \(warning.sanitized)\n" }
    if isDryRun { text += "\nNothing was changed (--dry-run).\n" }
    return text
  }

  private var facts: String {
    let labels = plan.facts.map(\.label.count).max() ?? 0
    let values = plan.facts.map(\.value.count).max() ?? 0
    return plan.facts.map { fact in
      var line = "  " + pad(fact.label, labels) + "  " + pad(fact.value, values) + "  " + fact.note.sanitized
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  /// Keys: `plan`, `steps` [{`step`, `target`, `text`, `loses`}], `warnings`.
  var json: JSONObject {
    var object = JSONObject()
    object.add("plan", plan.title)
    object.add("steps", plan.entries.map { entry in .object(Self.step(entry)) })
    object.add("warnings", plan.warnings.map(JSON.string))
    return object
  }

  /// With `namespaces`, an object for each as that of one alone, without its steps.
  func json(with planned: [NamespaceCreatePlan]) -> JSONObject {
    var object = json
    object.add("namespaces", planned.map { .object($0.numbers) })
    return object
  }

  private static func step(_ entry: Plan.Entry) -> JSONObject {
    var object = JSONObject()
    object.add("step", entry.step.name)
    object.add("target", entry.step.target)
    object.add("text", entry.text)
    object.add("loses", entry.loses)
    return object
  }
}

extension NamespaceCreatePlan {
  /// The plan's JSON with its numbers: `region`, `namespace`, `mode`, `map`, `align`, `sector_size`, `offset`,
  /// `raw_size`, `size` (usable), `overhead`, `truncated`, `dram`, `raw_uuid`.
  var json: JSONObject {
    var object = PlanRendering(plan).json
    for member in numbers.members { object.add(member.key, member.value) }
    return object
  }

  var numbers: JSONObject {
    var object = JSONObject()
    object.add("region", proposal.region.dev)
    object.add("namespace", proposal.namespace.dev)
    object.add(numbersOf: proposal)
    object.add("raw_uuid", uuid?.description)
    return object
  }
}

extension JSONObject {
  /// `mode`, `map`, `align`, `sector_size`, `offset`, `raw_size`, `size` (usable), `overhead`, `truncated`, `dram`.
  mutating func add(numbersOf proposal: NamespaceProposal) {
    add("mode", proposal.mode.rawValue)
    if proposal.map != .none { add("map", proposal.map.rawValue) }
    add("align", proposal.align)
    add("sector_size", proposal.sectorSize)
    add("offset", proposal.offset)
    add("raw_size", proposal.taken.rawValue)
    add("size", proposal.usable.rawValue)
    add("overhead", proposal.overhead.rawValue)
    add("truncated", proposal.truncated.rawValue)
    add("dram", proposal.dram.rawValue)
  }
}
