import Glibc
import PmemDevice
import PmemModel
import PmemSim
import SystemPackage
import TestSupport

// pmemctl-model SEED STEPS: random steps on the memory model, over all kernels and policies; after each, everything that
// must never be is looked for, and only what a policy is known to break may be found. With 0 steps it measures.

let arguments = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
guard arguments.count == 2 else {
  print("usage: pmemctl-model SEED STEPS")
  exit(64)
}
let (seed, most) = (arguments[0], arguments[1])
var done: UInt64 = 0
var situations: UInt64 = 0
var seen: [Invariant: Int] = [:]

/// Machines with three namespaces, made once; situations begin where they are.
func machine(_ kernel: KernelProfile, in directory: String) throws -> SimMachine {
  let path = FilePath(directory + "/" + kernel.rawValue)
  let dimm = SimDimmRequest(size: .gibibytes(1), labelVersion: kernel.rules.newestLabels)
  try SimMachine.create(
    path, topology: try SimTopology(dimms: [dimm], ranges: [], align: nil, profile: kernel))
  let machine = try SimMachine.open(path, forWriting: true)
  machine.persistsState = false
  return machine
}

/// The three namespaces; kernels before 4.9 divide no region, and have one.
func provision(_ machine: SimMachine) throws {
  let backend = SimBackend(machine)
  for (mode, align) in [(NamespaceMode.fsdax, UInt64(2 << 20)), (.devdax, 4096), (.devdax, 2 << 20)] {
    let inventory = try backend.inventory(.listing)
    let request = NamespaceCreateRequest(
      mode: mode, align: align, amount: .bytes(.mebibytes(256)), regions: inventory.buses.flatMap(\.regions))
    let plan = try NamespaceCreatePlanner(request, inventory: inventory).plan()
    try PlanRunner(on: backend).run(plan.plan)
  }
}

let directory = try TemporaryDirectory()
let kernels = KernelProfile.allCases.filter(\.rules.dividesRegions)
var machines: [(KernelProfile, SimMachine, SimMachine.Snapshot)] = []
for kernel in kernels {
  let made = try machine(kernel, in: directory.path)
  try provision(made)
  machines.append((kernel, made, made.snapshot))
}

if most == 0 {
  try Measurement.print(on: machines[machines.count - 1].1, from: machines[machines.count - 1].2)
  ExplorationMeasurement.print()
  exit(0)
}
while done < most {
  let own = seed &* 1_000_003 &+ situations
  let (kernel, machine, start) = machines[Int(own % UInt64(machines.count))]
  var situation = try Situation(seed: own, on: machine, from: start, kernel: kernel)
  var steps: UInt64 = 0
  do {
    while steps < 200, !situation.isStuck {
      try situation.step()
      steps += 1
    }
    try situation.end()
  } catch {
    print(
      "not ok - situation \(own) on \(kernel.rawValue): \((error as? Situation.Failure)?.text ?? "\(error)")")
    print(situation.trail.map { "# \($0)" }.joined(separator: "\n"))
    print(
      "# policies: \(situation.workload.policies.map { "\($0.policy.rawValue)=\($0.choice)" }.joined(separator: " "))"
    )
    exit(1)
  }
  for invariant in situation.broken { seen[invariant, default: 0] += 1 }
  situations += 1
  done += steps
}
print(
  "ok 1 - \(done) steps in \(situations) situations: nothing is broken but by the policies that are known to")
// What policies are known to break must be found, or the search is blind.
let expected: [Invariant] = [
  .freedUnderPin, .givenAwayUnderPin, .foreignWrite, .teardownWithReferences, .useAfterFree, .sleepInAtomic,
  .spuriousFailure, .dirtiedBehind, .fsyncNotDurable, .falsePin, .deadlock, .endlessWait,
]
let missing = expected.filter { seen[$0] == nil }
print(
  "\(missing.isEmpty || most < 1_000_000 ? "ok" : "not ok") 2 - each policy that breaks something was caught at it"
    + (missing.isEmpty ? "" : " # not: \(missing.map(\.rawValue).joined(separator: ", "))"))
for (invariant, count) in seen.sorted(by: { $0.value > $1.value }) {
  print("# \(invariant.rawValue): \(count) situations")
}
print("1..2")
exit(missing.isEmpty || most < 1_000_000 ? 0 : 1)
