import BackendConformance
import Glibc
import PmemDevice
import PmemSim
import PmemctlCommands
import SystemPackage

// pmemctl-conformance kernel | sim DIR
//
// Runs the conformance suite on this machine's kernel, or on a simulated machine, and prints TAP. It empties
// every labelled region of the machine it is given.

/// Gives an empty machine, each time it is called.
func machine(_ arguments: [String]) throws -> () throws -> ConformanceMachine {
  switch arguments.first {
  case "kernel":
    let (host, stage) = (HostMachine(), KernelStage())
    return { try ConformanceMachine(host, stage: stage) }
  case "sim" where arguments.count == 2:
    let machine = try SimMachine.open(FilePath(arguments[1]), forWriting: true)
    return { try ConformanceMachine(machine) }
  default: throw DeviceError(.usage, "usage: pmemctl-conformance kernel | sim DIR")
  }
}

do {
  let machine = try machine(Array(CommandLine.arguments.dropFirst()))
  let kind = try machine().backend.kind
  for conformance in ConformanceCase.all {
    do {
      try conformance.run(on: try machine())
      print("ok - \(kind): \(conformance.name)")
    } catch {
      print("not ok - \(kind): \(conformance.name)")
      print("# \(error)")
      if let error = error as? DeviceError { for detail in error.details { print("#   \(detail)") } }
    }
  }
  _ = try machine()
} catch {
  print("Bail out! \(error)")
  exit(1)
}
