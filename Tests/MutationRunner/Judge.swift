import DamagedMedia
import Foundation

/// Decides whether the program treated an input as documented.
struct Judge {
  private let workspace: Workspace
  private var runs = 0
  private var statuses: [Int32: Int] = [:]
  private var peak = 0
  private var longest = 0.0

  /// Kibibytes.
  private static let mostMemory = 256 << 10
  /// Of the processor.
  private static let mostSeconds = 10.0

  init(_ workspace: Workspace) { self.workspace = workspace }

  var report: String {
    let counts = statuses.sorted { $0.key < $1.key }.map { "\($0.value) with \($0.key)" }.joined(
      separator: ", ")
    return "\(runs) runs, \(counts); at most \(peak >> 10) MiB and \(Int(longest * 1000)) ms"
  }

  /// What is wrong; nil if nothing is wrong.
  mutating func failure(of input: Input) throws -> String? {
    if let round = input.round { return try failure(of: input, round) }
    defer { restore(input) }
    for command in input.commands {
      try input.write()
      if let failure = try run(command, input) { return failure }
    }
    guard input.kind == .inventory, FileManager.default.fileExists(atPath: workspace.output) else {
      return nil
    }
    for line in Input.onImported {
      let command = line.split(separator: " ").map(String.init) + ["--sim", workspace.output]
      if let failure = try run(command, input, mustSucceed: true) { return failure }
    }
    return nil
  }

  /// Damaged media: a command boots on them, and writes nothing if it says so.
  private mutating func failure(of input: Input, _ round: MediaDamage.Round) throws -> String? {
    var isWritten = !input.isReading
    defer { try? workspace.damaged.restore(round, isWritten: isWritten) }
    try workspace.damaged.write(round)
    func said(_ failure: String) -> String { failure + " (" + round.words.joined(separator: "; ") + ")" }
    let before = try workspace.damaged.written()
    if let failure = try run(input.commands[0], input) { return said(failure) }
    guard input.isReading, try workspace.damaged.written() != before else { return nil }
    isWritten = true
    return said("pmemctl \(input.commands[0].joined(separator: " ")) has written")
  }

  private mutating func run(_ command: [String], _ input: Input, mustSucceed: Bool = false) throws -> String?
  {
    let outcome = try workspace.program.run(command)
    runs += 1
    peak = max(peak, outcome.peak)
    longest = max(longest, outcome.seconds)
    let said = "pmemctl \(command.joined(separator: " ")): "
    guard let status = outcome.status else { return said + "ended by signal \(outcome.signal)" }
    statuses[status, default: 0] += 1
    guard outcome.peak <= Self.mostMemory else { return said + "took \(outcome.peak >> 10) MiB" }
    guard outcome.seconds <= Self.mostSeconds else { return said + "took \(outcome.seconds) s" }
    if mustSucceed, status != 0 { return said + "status \(status) on what was imported: \(outcome.errors)" }
    if let problem = problem(status, outcome.errors, input) { return said + problem }
    for directory in workspace.watched {
      let found = try FileManager.default.contentsOfDirectory(atPath: directory)
      guard found.isEmpty else { return said + "left \(found.joined(separator: ", ")) in \(directory)" }
    }
    return nil
  }

  /// What is wrong with a status and a message.
  private func problem(_ status: Int32, _ errors: String, _ input: Input) -> String? {
    let text = errors.prefix(500)
    switch status {
    case 1 where input.kind == .media, 2 where input.kind == .media, 65 where input.kind == .media: return nil
    case 0: return nil
    case 2: return input.kind == .layout || input.kind == .inventoryPlan ? nil : "status 2: \(text)"
    case 1, 3, 4, 5, 6:
      return errors.contains("pmemctl: ") ? nil : "status \(status) without a message"
    case 65:
      let place = input.file.split(separator: "/").last ?? ""
      // An image may be shorter than a machine file, which is valid by itself, says. Damaged media are no text.
      if input.kind == .machine,
        errors.contains(".img") || errors.contains(".labels") || errors.contains("damage")
      {
        return nil
      }
      // Labels that are whole as text, and not as labels: they have slots, not lines.
      if input.kind == .labels, errors.contains("\(place) does not hold sound labels") { return nil }
      // namespace check, label check: 65 is their answer.
      if errors.isEmpty { return nil }
      // What is valid by itself may not fit the other files of the machine: one of them is named.
      let isMachine = [.machine, .runtime, .badBlocks].contains(input.kind)
      // An inventory that is whole may be one that the layout does not fit.
      let names =
        isMachine
        ? ["/machine", "/runtime", "/badblocks"]
        : [String(place)] + (input.kind == .inventoryPlan ? ["/layout"] : [])
      let named = names.contains { name in
        errors.components(separatedBy: name).dropFirst().contains {
          $0.prefixMatch(of: #/(, line |:)[0-9]+/#) != nil
        }
      }
      return named ? nil : "65 without file and line: \(text)"
    default: return "status \(status) is not one of these: \(text)"
    }
  }

  /// Makes the workspace what it was.
  private func restore(_ input: Input) {
    try? FileManager.default.removeItem(atPath: workspace.output)
    for directory in workspace.watched {
      for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
        try? FileManager.default.removeItem(atPath: directory + "/" + name)
      }
    }
    for kind in [Input.Kind.machine, .runtime, .badBlocks] {
      let name = kind == .badBlocks ? "badblocks" : kind.rawValue
      guard let text = workspace.texts[kind]?.first else { continue }
      try? Data(text).write(to: URL(fileURLWithPath: workspace.machine + "/" + name))
    }
    try? FileManager.default.removeItem(atPath: workspace.machine + "/runtime.pending")
    guard let record = workspace.texts[.undo]?.first else { return }
    try? Data(record).write(
      to: URL(fileURLWithPath: workspace.machine + "/undo/\(workspace.undoNumber).json"))
  }

  /// Keeps the input and how it is read.
  ///
  /// - Returns: The directory.
  func keep(_ input: Input, seed: UInt64) throws -> String {
    let directory = FileManager.default.temporaryDirectory.path + "/pmemctl-mutation-\(seed)-\(input.number)"
    try? FileManager.default.removeItem(atPath: directory)
    // Images are sparse.
    let copy = try Program(path: "/bin/cp", directory: workspace.root).run(
      ["-a", "--sparse=always", workspace.root, directory])
    guard copy.status == 0 else { throw Failure("cannot keep \(directory): \(copy.errors)") }
    let name = input.file.dropFirst(workspace.root.count)
    if let round = input.round {
      try round.words.joined(separator: "\n").write(
        toFile: directory + "/damage", atomically: true, encoding: .utf8)
    } else {
      try Data(input.bytes).write(to: URL(fileURLWithPath: directory + name))
    }
    let lines = input.commands.map {
      $0.joined(separator: " ").replacingOccurrences(of: workspace.root, with: directory)
    }
    try lines.joined(separator: "\n").write(
      toFile: directory + "/commands", atomically: true, encoding: .utf8)
    return directory
  }
}
