import ArgumentParser
import PmemDevice
import PmemModel
import PmemSim

struct SimUnpin: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "unpin", abstract: "Release references on a simulated machine.")

  @Argument(help: "The number that sim pin printed.")
  var pin: Int

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .unpin(PinID(pin))
  }

  func run(in context: CommandContext) throws {
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    try workload.unpin(pin)
    try workload.report(.done, of: nil, output, in: context)
  }
}
