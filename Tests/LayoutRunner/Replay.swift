import Foundation
import TestSupport

/// What running a layout on a machine gave.
struct Record: Codable {
  var layout: Layout
  /// Exit status of each command.
  var statuses: [Int32]
  /// The inventory at the end, random UUIDs taken out, as sorted JSON text.
  var inventory: String
}

/// Runs a layout through the program, as a user would type it.
struct Replay {
  let program: String
  /// Options that name the machine, such as `--sim DIR`.
  let machine: [String]
  var problems: [String] = []

  private(set) var labeled: [String] = []
  private(set) var labelless: [String] = []

  init(program: String, machine: [String]) throws {
    self.program = program
    self.machine = machine
    for region in try pmemctl(["region", "list", "--json"]).json as? [[String: Any]] ?? [] {
      guard let name = region["dev"] as? String else { continue }
      if region["labeled"] as? Bool == true { labeled.append(name) } else { labelless.append(name) }
    }
  }

  mutating func record(_ layout: Layout) throws -> Record {
    try empty()
    var statuses: [Int32] = []
    for command in layout.commands {
      let predicted = command.isCreate ? try pmemctl(command.arguments + ["--dry-run", "--json"]) : nil
      let done = try pmemctl(command.arguments + ["--json"])
      statuses.append(done.status)
      let text = command.arguments.joined(separator: " ")
      if let predicted { compare(predicted, done, text) }
      if done.status != 0, done.status != 1, done.status != 3 {
        problems.append("pmemctl \(text) ended with \(done.status): \(done.errors)")
      }
    }
    let status = try pmemctl(["status", "--json", "--idle"]).json ?? [:]
    // On a kernel, ndctl is asked too.
    if machine.isEmpty { problems += try NdctlOracle.differences(from: status) }
    return Record(layout: layout, statuses: statuses, inventory: try Self.text(of: status))
  }

  /// A plan's numbers are the kernel's, to the byte.
  private mutating func compare(_ predicted: Finished, _ done: Finished, _ text: String) {
    guard predicted.status == done.status else {
      problems.append(
        "pmemctl \(text): the plan ends with \(predicted.status), the change with \(done.status): \(done.errors)"
      )
      return
    }
    guard done.status == 0 else { return }
    let plan = predicted.json as? [String: Any] ?? [:]
    let made = done.json as? [String: Any] ?? [:]
    for (planned, got) in [
      ("size", "size"), ("raw_size", "raw_size"), ("namespace", "dev"), ("region", "region"),
    ] {
      let left = plan[planned].map { "\($0)" } ?? "nothing"
      let right = made[got].map { "\($0)" } ?? "nothing"
      if left != right { problems.append("pmemctl \(text): planned \(planned) \(left), got \(right)") }
    }
  }

  /// Destroys everything that can be, and brings label-less namespaces back to one state.
  mutating func empty() throws {
    let all = try pmemctl(["namespace", "destroy", "--force", "all"])
    if all.status != 0 { problems.append("the machine could not be emptied: \(all.errors)") }
    // Number 0 is the only idle device again, and what a destroyed namespace left behind is forgotten.
    _ = try pmemctl(["region", "disable"] + labeled)
    _ = try pmemctl(["region", "enable"] + labeled)
  }

  func pmemctl(_ arguments: [String]) throws -> Finished { try run(program, arguments + machine) }

  /// The inventory without what differs between machines by nature.
  private static func text(of status: Any) throws -> String {
    let data = try JSONSerialization.data(
      withJSONObject: strip(status), options: [.sortedKeys, .prettyPrinted])
    return String(decoding: data, as: UTF8.self)
  }

  private static func strip(_ value: Any) -> Any {
    if let list = value as? [Any] { return list.map(strip) }
    guard let object = value as? [String: Any] else { return value }
    var result: [String: Any] = [:]
    for (key, member) in object where key != "backend" && key != "kernel" {
      let isUUID = key == "uuid" || key == "raw_uuid"
      result[key] = isUUID ? (member as? String == Self.null ? "null" : "random") : strip(member)
    }
    return result
  }

  private static let null = "00000000-0000-0000-0000-000000000000"
}
