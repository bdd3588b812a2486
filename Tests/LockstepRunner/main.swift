import Glibc
import PmemDevice
import PmemNdctl
import PmemSim
import SystemPackage

// pmemctl-lockstep DIR SEED COUNT
//
// Makes a simulated machine like this one in DIR-0 (another after each difference), then does COUNT seeded random changes on both, valid and
// invalid, and compares the answers and all that there is after each. Prints TAP, a case for every 50 changes.
// Empties every region of this machine.
//
// pmemctl-lockstep --media WAYS DIR SEED COUNT
//
// Damages labels and info blocks of a region of so many DIMMs COUNT times instead, on both.
//
// pmemctl-lockstep --cxl DIR SEED COUNT
//
// Creates and removes CXL regions, valid and invalid.
//
// pmemctl-lockstep --care FORGET DIR SEED COUNT
//
// Does the same with security, firmware, health, errors and scrubs, on nfit_test as it is when it was just loaded. FORGET is the
// program that removes keys from the user's keyring.

/// A line at once, also into a file: the guest may end early.
func say(_ line: String, to stream: Int32 = STDOUT_FILENO) {
  let bytes = Array((line + "\n").utf8)
  _ = write(stream, bytes, bytes.count)
}

/// Until so many differences were found; each is told with the changes that led to it.
let patience = 5

/// This machine, and a simulated one like it; only one bus of it, unless that is nil.
func freshMachines(_ directory: String, onlyBus bus: String? = nil) throws -> Lockstep {
  let kernel = NdctlBackend()
  var inventory = try kernel.inventory(.planning)
  if let bus { inventory.buses.removeAll { $0.dev != bus } }
  let notes = try SimMachine.importing(
    inventory, to: FilePath(directory), profile: KernelProfile(nearest: inventory.host.kernelRelease))
  for note in notes { say("# \(note)") }
  return try Lockstep(
    kernel: kernel, simulated: SimBackend(try SimMachine.open(FilePath(directory), forWriting: true)),
    onlyBus: bus)
}

/// Nothing but what a boot of blank media leaves; of labels only if the rest is not looked at.
func emptyMachine(onlyLabels: Bool = false) throws {
  let kernel = NdctlBackend()
  for dimm in try kernel.inventory(.planning).dimms where !dimm.isEnabled {
    try kernel.perform(.enableDimm(dimm.dev))
  }
  let inventory = try kernel.inventory(.planning)
  for namespace in inventory.regions.filter(\.isLabeled).flatMap(\.configuredNamespaces) {
    if namespace.isEnabled {
      try kernel.perform(.disable(namespace: namespace.dev))
    } else if namespace.holder != nil {
      try kernel.perform(.release(namespace: namespace.dev))
    }
    try kernel.perform(.free(namespace: namespace.dev))
  }
  for region in inventory.regions where region.isLabeled || !onlyLabels {
    try kernel.perform(.disableRegion(region.dev))
    try kernel.perform(.enableRegion(region.dev))
  }
  guard !onlyLabels else { return }
  // What an idle label-less namespace holds cannot be told from outside: raw and on is a known state.
  for namespace in try kernel.inventory(.planning).regions.filter({ !$0.isLabeled }).flatMap(\.namespaces) {
    if namespace.isEnabled { try kernel.perform(.disable(namespace: namespace.dev)) }
    try kernel.perform(.zeroInfoBlock(namespace: namespace.dev))
    try kernel.perform(.enable(namespace: namespace.dev))
  }
}

func run(directory: String, seed: UInt64, count: Int) throws {
  try emptyMachine()
  var machines = try freshMachines(directory + "-0")
  var operations = Operations(seed: seed)
  var history: [String] = []
  var failures = 0
  var done = 0
  var chunk = 0
  func report(_ problems: [String]) {
    failures += 1
    say("not ok - change \(done) of seed \(seed)")
    for line in problems { say("# \(line)") }
    for line in history.suffix(400) { say("#   \(line)") }
    history = []
  }
  let first = try machines.differences()
  if !first.isEmpty { report(first) }
  while done < count, failures < patience {
    for step in operations.next(machines.inventory) {
      let (isDone, differences) = try machines.perform(step)
      done += 1
      history.append("\(done) \(step)\(isDone ? "" : " (refused)")")
      if !differences.isEmpty {
        report(differences)
        try emptyMachine()
        machines = try freshMachines(directory + "-\(failures)")
        break
      }
      if !isDone { break }
    }
    if done / 50 > chunk {
      chunk = done / 50
      say("ok - the simulated machine is the kernel's equal after \(done) changes")
    }
  }
  say("# \(done) changes of seed \(seed)")
}

func runMedia(ways: Int, directory: String, seed: UInt64, count: Int) throws {
  try emptyMachine(onlyLabels: true)
  let own = directory + "-0"
  // Another bus can have memory at the same addresses, if it is made up.
  let machines = try freshMachines(own, onlyBus: ways > 1 ? "ndbus0" : nil)
  var media = try HostileMedia(machines, in: own, ways: ways, seed: seed)
  var failures = 0
  for round in 1...count where failures < patience {
    let (words, problems) = try media.round()
    if !problems.isEmpty {
      failures += 1
      say("not ok - damage \(round) of seed \(seed)")
      for line in words + problems { say("#   \(line)") }
    } else if round % 20 == 0 {
      say("ok - the simulated machine finds what the kernel finds after \(round) damages")
    }
  }
  say("# \(count) damages of seed \(seed), \(ways) DIMMs; by structure and field:")
  for (field, count) in media.counts.sorted(by: { $0.key < $1.key }) { say("#   \(count) \(field)") }
}

func runCxl(directory: String, seed: UInt64, count: Int) throws {
  var machines = try CxlLockstep(directory, seed: seed)
  var problems = try machines.differences()
  while problems.isEmpty, machines.changes < count {
    problems = try machines.next()
    if machines.changes % 20 == 0, problems.isEmpty {
      say("ok - CXL of the simulated machine is the kernel's after \(machines.changes) changes of regions")
    }
  }
  if !problems.isEmpty {
    say("not ok - change \(machines.changes) of seed \(seed)")
    for line in problems + machines.history.suffix(100) { say("#   \(line)") }
  }
  say("# \(machines.changes) changes of CXL regions of seed \(seed), \(machines.refused) of them refused")
}

func runCare(forget: String, directory: String, seed: UInt64, count: Int) throws {
  var machines = try CareLockstep(directory, forget: forget)
  var operations = CareOperations(seed: seed)
  var history: [String] = []
  var kinds: Set<String> = []
  var done = 0
  var problems = try machines.differences()
  while problems.isEmpty, done < count {
    for step in operations.next(machines.state) {
      let (isDone, differences) = try machines.perform(step)
      done += 1
      kinds.insert("\(step.kind)\(isDone ? "" : " (refused)")")
      history.append("\(done) \(step)\(isDone ? "" : " (refused)")")
      say(history[history.count - 1], to: STDERR_FILENO)
      problems = differences
      if !isDone || !problems.isEmpty { break }
    }
  }
  if problems.isEmpty {
    say("ok - care of the simulated machine is that of the kernel after \(done) changes")
  } else {
    say("not ok - change \(done) of seed \(seed)")
    for line in problems + history { say("#   \(line)") }
  }
  say("# \(done) changes of seed \(seed), of \(kinds.count) kinds: \(kinds.sorted().joined(separator: ", "))")
}

var arguments = Array(CommandLine.arguments.dropFirst())
let mode = arguments.first.map { $0.hasPrefix("--") ? arguments.removeFirst() : "" } ?? ""
let setting = mode.isEmpty || mode == "--cxl" || arguments.isEmpty ? "" : arguments.removeFirst()
guard arguments.count == 3, let seed = UInt64(arguments[1]), let count = Int(arguments[2]) else {
  say("usage: pmemctl-lockstep [--media WAYS | --cxl | --care FORGET] DIR SEED COUNT")
  exit(64)
}
do {
  switch mode {
  case "--care": try runCare(forget: setting, directory: arguments[0], seed: seed, count: count)
  case "--cxl": try runCxl(directory: arguments[0], seed: seed, count: count)
  case "--media": try runMedia(ways: Int(setting) ?? 1, directory: arguments[0], seed: seed, count: count)
  default: try run(directory: arguments[0], seed: seed, count: count)
  }
} catch {
  say("not ok - \(error)")
  for line in (error as? DeviceError)?.details ?? [] { say("#   \(line)") }
  exit(1)
}
