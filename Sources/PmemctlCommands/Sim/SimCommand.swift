import ArgumentParser
import PmemDevice

struct SimCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sim", abstract: "Make and remove simulated machines.",
    subcommands: [SimCreate.self, SimShow.self, SimDestroy.self])
}

/// The machine named, or the environment's.
func simulatedMachine(_ directory: String?, _ context: CommandContext) throws(DeviceError) -> String {
  guard let found = directory ?? context.environment["PMEMCTL_SIM"], !found.isEmpty else {
    throw DeviceError(.usage, "which simulated machine? Name its directory, or set PMEMCTL_SIM")
  }
  return found
}
