import ArgumentParser
import PmemDevice
import PmemOutput

struct DaxStatus: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show where DAX is available, and each reason if it is not.",
    discussion: """
      Covers namespaces, their devices, partitions, stacked devices and filesystems. One file of each filesystem and \
      each DAX device is mapped for reading, to verify.
      """)

  @Argument(
    help: ArgumentHelp("Only these namespaces, by any name.", valueName: "namespace"),
    completion: .names(.namespaces))
  var names: [String] = []

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let backend = try context.open(machine, forWriting: false)
    let inventory = try backend.inventory(.listing)
    let all = inventory.namespaces.filter { !$0.isSeed }
    let shown = try names.isEmpty ? all : NameResolver(inventory).namespaces(names)
    let layers = try backend.daxLayers(inventory)
    let judge = DAXEvaluator(inventory, layers: layers)
    var trials = DaxTrials(layers, inventory, on: backend)
    let groups = shown.map { namespace in
      (namespace, judge.states(of: namespace).map { trials.tried($0) })
    }
    guard !output.json else {
      return try context.out.write(JSON.array(groups.flatMap(\.1).map(\.json)).text)
    }
    for (namespace, states) in groups {
      try context.out.write("\(namespace.title.sanitized)  \(namespace.mode), \(namespace.size)\n")
      for state in states { try context.out.write(state.text(on: context.terminal)) }
    }
  }
}

/// Mappings of what can have DAX, each tried once: a filesystem may be mounted on thousands of mount points.
private struct DaxTrials {
  private let samples: [RawText: String]
  private let inventory: Inventory
  private let backend: any DaxInspector
  private var probes: [String: DaxProbe?] = [:]

  init(_ layers: [DaxLayer], _ inventory: Inventory, on backend: any DaxInspector) {
    var samples: [RawText: String] = [:]
    for layer in layers {
      if let sample = layer.filesystem?.sample { samples[layer.name] = samples[layer.name] ?? sample }
    }
    self.samples = samples
    self.inventory = inventory
    self.backend = backend
  }

  /// A mapping of it, or of a file on it, if it can have DAX.
  mutating func tried(_ state: DaxState) -> DaxState {
    let path: String? =
      switch state.kind {
      case "dax-device": state.isOn ? state.name.text : nil
      case "filesystem": samples[state.name]
      default: nil
      }
    guard let path, let probe = probe(path) else { return state }
    var state = state
    state.isProven = probe.isDAX
    state.uses = probe.uses(in: inventory)
    return state
  }

  private mutating func probe(_ path: String) -> DaxProbe? {
    if let known = probes[path] { return known }
    let probe = try? backend.probe(path, at: 0, in: inventory)
    probes[path] = .some(probe)
    return probe
  }
}

extension DaxState {
  var json: JSON {
    var object = JSONObject()
    object.add("kind", kind)
    object.add("name", name.text)
    object.add("namespaces", namespaces.map(JSON.string))
    object.add("possible", isPossible)
    object.add("on", isOn)
    object.add("proven", isProven)
    object.add("dangerous", isDangerous)
    object.add("causes", causes.map(\.json))
    object.add("note", note)
    object.add("uses", uses.map(\.json))
    return .object(object)
  }

  /// A line, and one for each cause.
  func text(on terminal: Terminal) -> String {
    let word =
      isDangerous
      ? "DANGEROUS" : isOn ? isProven == false ? "NOT REALLY" : "DAX" : isPossible ? "possible" : "no DAX"
    let proof = isProven.map { $0 ? "mapped and seen" : "mapped, and it was the page cache" }
    let notes = [note, isOn ? proof : nil].compactMap { $0 }.joined(separator: "; ")
    let label = kind == "namespace" ? "as a whole" : "\(name)".sanitized
    var text = "  " + pad(label, 22) + "  " + pad(word, 10) + "  " + notes.sanitized
    while text.last == " " { text.removeLast() }
    text += "\n"
    for cause in causes {
      text += "    \(cause.text.sanitized)\n"
      if let remedy = cause.remedy {
        text += "      \(terminal.isUnicode ? "→" : "->") \(remedy.sanitized)\n"
      }
    }
    // If it has DAX: what consumers would lack.
    for use in uses where isOn && use.purpose == .longTermPins && use.isPossible == false {
      text += use.text(on: terminal)
    }
    return text
  }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}

extension DaxCause {
  var json: JSON {
    var object = JSONObject()
    object.add("cause", kind.rawValue)
    object.add("text", text)
    object.add("remedy", remedy)
    return .object(object)
  }
}
