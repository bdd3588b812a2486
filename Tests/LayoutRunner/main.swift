import Foundation
import TestSupport

// pmemctl-layouts record PROGRAM FILE SEED COUNT [OPTION...]
//
//   Makes COUNT layouts of SEED on this machine's kernel, one after the other; checks that each plan said what
//   came of it and that pmemctl and ndctl see the same; writes what there was at the end of each to FILE.
//
// pmemctl-layouts replay PROGRAM FILE OPTION...
//
//   Makes the layouts of FILE on the machine that the options name, and checks that it ends up the same.
//
// pmemctl-layouts provision PROGRAM DIR SEED COUNT
// pmemctl-layouts cut DIR SEED COUNT
//
//   Make a simulated machine in DIR with COUNT DIMMs, for a kernel to boot on: a layout of SEED on each, or a
//   change on each that a power failure of SEED has cut.
//
// Prints TAP.

func report(_ name: String, _ problems: [String]) {
  print(problems.isEmpty ? "ok - \(name)" : "not ok - \(name)")
  for problem in problems { print("# \(problem.replacingOccurrences(of: "\n", with: "\n# "))") }
}

func describe(_ layout: Layout) -> String {
  layout.commands.map { "#   pmemctl \($0.arguments.joined(separator: " "))" }.joined(separator: "\n")
}

func record(program: String, file: String, seed: UInt64, count: Int, machine: [String]) throws {
  var replay = try Replay(program: program, machine: machine)
  var records: [Record] = []
  for number in 0..<count {
    replay.problems = []
    let layout = Layout(number: number, seed: seed, labeled: replay.labeled, labelless: replay.labelless)
    let record = try replay.record(layout)
    report("layout \(number): the plans were exact, and ndctl sees the same", replay.problems)
    if !replay.problems.isEmpty { print(describe(layout)) }
    records.append(record)
  }
  try replay.empty()
  try JSONEncoder().encode(records).write(to: URL(fileURLWithPath: file))
}

func replay(program: String, file: String, machine: [String]) throws {
  var replay = try Replay(program: program, machine: machine)
  for record in try JSONDecoder().decode([Record].self, from: Data(contentsOf: URL(fileURLWithPath: file))) {
    replay.problems = []
    let mine = try replay.record(record.layout)
    var problems = replay.problems
    if mine.statuses != record.statuses {
      problems.append("exit statuses were \(record.statuses), are \(mine.statuses)")
    }
    problems += firstDifference(record.inventory, mine.inventory)
    report("layout \(record.layout.number): the simulated machine is what the kernel was", problems)
    if !problems.isEmpty { print(describe(record.layout)) }
  }
}

func firstDifference(_ expected: String, _ got: String) -> [String] {
  let left = expected.split(separator: "\n")
  let right = got.split(separator: "\n")
  guard left != right else { return [] }
  let differing = zip(left, right).enumerated().filter { $0.element.0 != $0.element.1 }.prefix(5)
  return differing.map { "line \($0.offset): kernel \($0.element.0), simulated \($0.element.1)" }
    + ["\(left.count) lines against \(right.count)"]
}

let arguments = Array(CommandLine.arguments.dropFirst())
do {
  switch arguments.first {
  case "record" where arguments.count >= 5:
    try record(
      program: arguments[1], file: arguments[2], seed: UInt64(arguments[3]) ?? 1,
      count: Int(arguments[4]) ?? 30,
      machine: Array(arguments.dropFirst(5)))
  case "replay" where arguments.count >= 4:
    try replay(program: arguments[1], file: arguments[2], machine: Array(arguments.dropFirst(3)))
  case "provision" where arguments.count == 5:
    var provision = Provision(directory: arguments[2], seed: UInt64(arguments[3]) ?? 1)
    try provision.layouts(Int(arguments[4]) ?? 7, program: arguments[1])
  case "cut" where arguments.count == 4:
    var provision = Provision(directory: arguments[1], seed: UInt64(arguments[2]) ?? 1)
    try provision.cuts(Int(arguments[3]) ?? 8)
  default:
    print(
      "usage: pmemctl-layouts record PROGRAM FILE SEED COUNT [OPTION...] | replay PROGRAM FILE OPTION... | provision PROGRAM DIR SEED COUNT | cut DIR SEED COUNT"
    )
    exit(64)
  }
} catch {
  print("Bail out! \(error)")
  exit(1)
}
