import PmemDevice
import PmemModel
import PmemSim

/// A verb that does one action in the memory model of a machine.
protocol ActionVerb: ContextCommand {
  /// Its action.
  ///
  /// - Parameter workload: Of a machine on which names of devices are looked up now; paths are when it is done.
  /// - Returns: The actions of the verb.
  /// - Throws: ``DeviceError/Code/notFound`` for a device that is not there yet, and what is wrong with an option.
  func action(on workload: SimWorkload) throws(DeviceError) -> Action
}
