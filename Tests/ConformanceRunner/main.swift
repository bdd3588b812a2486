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

func backend(_ arguments: [String]) throws -> any DeviceBackend & UsageInspector {
  switch arguments.first {
  case "kernel": return HostMachine()
  case "sim" where arguments.count == 2:
    return SimBackend(try SimMachine.open(FilePath(arguments[1]), forWriting: true))
  default: throw DeviceError(.usage, "usage: pmemctl-conformance kernel | sim DIR")
  }
}

do {
  let backend = try backend(Array(CommandLine.arguments.dropFirst()))
  for conformance in ConformanceCase.all {
    do {
      try conformance.run(on: try ConformanceMachine(backend))
      print("ok - \(backend.kind): \(conformance.name)")
    } catch {
      print("not ok - \(backend.kind): \(conformance.name)")
      print("# \(error)")
      if let error = error as? DeviceError { for detail in error.details { print("#   \(detail)") } }
    }
  }
  _ = try ConformanceMachine(backend)
} catch {
  print("Bail out! \(error)")
  exit(1)
}
