import ArgumentParser
import PmemDevice
import PmemSim
import SystemPackage

/// The simulated machine of a verb whose arguments are something else.
struct SimOption: ParsableArguments {
  @Option(
    name: .long, help: ArgumentHelp("The machine; by default the one in PMEMCTL_SIM.", valueName: "dir"),
    completion: .directory)
  var sim: String?

  func open(in context: CommandContext, forWriting: Bool) throws(DeviceError) -> SimMachine {
    if let machine = context.machine { return machine }
    guard let found = sim ?? context.environment["PMEMCTL_SIM"], !found.isEmpty else {
      throw DeviceError(.usage, "which simulated machine? Give --sim, or set PMEMCTL_SIM")
    }
    return try SimMachine.open(FilePath(found), forWriting: forWriting)
  }
}
