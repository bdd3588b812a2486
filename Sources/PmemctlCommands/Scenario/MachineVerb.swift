import PmemDevice
import PmemSim

/// A verb that makes, runs or removes machines, or runs scenarios: no step of a scenario.
protocol MachineVerb: ContextCommand {}

/// The verb whose arguments the machine of a scenario is described by.
protocol MachineDescription: MachineVerb {
  /// Whether it would only check them.
  var dryRun: Bool { get }
  /// The machine that they describe.
  var topology: SimTopology { get throws(DeviceError) }
}
