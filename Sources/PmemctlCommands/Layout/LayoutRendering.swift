import PmemDevice
import PmemOutput

/// The changes of a layout, for people and for programs.
struct LayoutRendering {
  private let planned: LayoutPlan
  private let cxl: Plan
  private let awaited: Int

  /// - Parameters:
  ///   - planned: The changes of namespaces.
  ///   - cxl: The creation of CXL regions, which comes first.
  ///   - awaited: How many namespaces can be planned only then.
  init(_ planned: LayoutPlan, cxl: Plan = Plan(title: "", entries: []), awaited: Int = 0) {
    self.planned = planned
    self.cxl = cxl
    self.awaited = awaited
  }

  init(_ run: LayoutRun) { self.init(run.planned, cxl: run.cxl, awaited: run.awaited) }

  var text: String {
    guard !planned.isEmpty || !cxl.entries.isEmpty else {
      return "nothing to do: the machine matches the layout\n"
    }
    var text = ""
    for entry in cxl.entries { text += "+ \(entry.step.target): \(entry.text.sanitized)\n" }
    if awaited > 0 {
      text +=
        "    \(counted(awaited, "namespace")) of the layout \(awaited == 1 ? "is" : "are") planned when "
        + "\(cxl.entries.count == 1 ? "it is" : "they are") there, which its devices' labels decide\n"
    }
    for change in planned.changes {
      text += "\(Self.mark(change.kind)) \(change.region): \(change.text.sanitized)\n"
    }
    for conflict in planned.conflicts {
      text += "! \(conflict.text.sanitized)\n    \(conflict.option.sanitized) allows it\n"
    }
    if !planned.changes.isEmpty {
      text += "\n"
      for region in planned.free {
        text += "\(region.region): \(region.free) free afterwards, \(region.largest) in one piece\n"
      }
    }
    for warning in planned.plan.warnings { text += "\nNote: \(warning.sanitized)\n" }
    return text
  }

  private static func mark(_ kind: LayoutPlan.Change.Kind) -> String {
    switch kind {
    case .create: "+"
    case .destroy: "-"
    case .reconfigure, .rename, .enable, .disable, .memory: "~"
    }
  }

  /// Keys: `cxl` [if CXL regions are created], `changes`, `conflicts`, `free`, and those of a plan.
  var json: JSONObject {
    var object = JSONObject()
    if !cxl.entries.isEmpty {
      object.add(
        "cxl",
        cxl.entries.map { entry in
          var line = JSONObject()
          line.add("region", entry.step.target)
          line.add("text", entry.text)
          return .object(line)
        })
    }
    object.add(
      "changes",
      planned.changes.map { change in
        var entry = JSONObject()
        entry.add("change", change.kind.rawValue)
        entry.add("region", change.region)
        entry.add("namespace", change.namespace)
        entry.add("name", change.name)
        entry.add("text", change.text)
        entry.add("size", change.taken?.rawValue)
        entry.add("usable", change.usable?.rawValue)
        return .object(entry)
      })
    object.add(
      "conflicts",
      planned.conflicts.map { conflict in
        var entry = JSONObject()
        entry.add("text", conflict.text)
        entry.add("option", conflict.option)
        return .object(entry)
      })
    object.add(
      "free",
      planned.free.map { region in
        var entry = JSONObject()
        entry.add("region", region.region)
        entry.add("available_size", region.free.rawValue)
        entry.add("max_available_extent", region.largest.rawValue)
        return .object(entry)
      })
    for member in PlanRendering(planned.plan).json.members where member.key != "plan" {
      object.add(member.key, member.value)
    }
    return object
  }
}
