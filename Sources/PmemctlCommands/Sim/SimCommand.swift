import ArgumentParser
import PmemDevice

struct SimCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sim",
    abstract: "Create simulated machines, run processes on them, boot guests from them.",
    subcommands: [
      SimCreate.self, SimImport.self, SimShow.self, SimReboot.self, SimQemu.self, SimDestroy.self,
      SimProcessCommand.self, SimOpen.self, SimClose.self, SimMap.self, SimUnmap.self, SimTouch.self,
      SimPin.self, SimUnpin.self, SimMount.self, SimUmount.self, SimFileCommand.self, SimStackCommand.self,
      SimSwapon.self, SimSwapoff.self, SimHold.self, SimRelease.self, SimViewCommand.self,
      SimNodeCommand.self,
      SimInjectError.self, SimSetHealth.self, SimSetSecurity.self, SimSetPlatform.self, SimSetFirmware.self,
      SimPartitionCommand.self, SimFreezeCommand.self, SimThaw.self, SimFaultCommand.self,
      SimTruncate.self, SimWrite.self, SimRead.self, SimWriteback.self, SimSync.self, SimCommit.self,
      SimDMA.self,
      SimIOCommand.self, SimUnbind.self, SimBind.self, SimCrash.self, SimProviderCommand.self,
      SimDirectAccessCommand.self, SimPolicyCommand.self, SimCheck.self,
      SimRun.self, SimExplore.self, SimTimeline.self,
    ])
}

/// Which simulated machine a verb is about.
struct SimSelection: ParsableArguments {
  @Argument(
    help: ArgumentHelp("The machine; by default the one in PMEMCTL_SIM.", valueName: "dir"),
    completion: .directory)
  var directory: String?

  @Option(
    name: .long, help: ArgumentHelp("The simulated machine, as in other commands.", valueName: "dir"),
    completion: .directory)
  var sim: String?

  /// The machine named, or the environment's.
  func directory(in context: CommandContext) throws(DeviceError) -> String {
    guard let found = directory ?? sim ?? context.environment["PMEMCTL_SIM"], !found.isEmpty else {
      throw DeviceError(.usage, "which simulated machine? Name its directory, or set PMEMCTL_SIM")
    }
    return found
  }
}
