import ArgumentParser
import PmemDevice
import PmemSim

struct SimSetPlatform: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "set-platform", abstract: "Set what the platform of a simulated machine can do by itself.",
    discussion: """
      By default it neither scrubs nor activates firmware, as QEMU's does not. A scrub takes the time that is set here, by \
      the clock of this host.
      """)

  @Option(
    name: .customLong("scrub-seconds"),
    help: ArgumentHelp("Have the bus scrub its media, in so many seconds.", valueName: "seconds"))
  var scrubSeconds: UInt32?

  @Flag(name: .customLong("no-scrub"), help: "Have no scrub.")
  var noScrub = false

  @Option(
    name: .long, help: ArgumentHelp("How firmware is activated: live, suspend, or none.", valueName: "method")
  )
  var activation: String?

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    guard scrubSeconds != nil || noScrub || activation != nil else {
      throw DeviceError(
        .usage, "there is nothing to set", details: ["for example: --scrub-seconds 2 --activation suspend"])
    }
    guard scrubSeconds == nil || !noScrub else {
      throw DeviceError(.usage, "--scrub-seconds and --no-scrub exclude each other")
    }
    guard (scrubSeconds ?? 0) <= 1_000_000 else {
      throw DeviceError(.usage, "--scrub-seconds must not be more than 1000000")
    }
    let scrub: UInt64?? = noScrub ? .some(nil) : scrubSeconds.map { .some(UInt64($0)) }
    try SimWorkload(which.open(in: context, forWriting: true)).setPlatform(
      scrubSeconds: scrub, activation: try method())
  }

  private func method() throws(DeviceError) -> FirmwareActivation.Method?? {
    guard let activation else { return nil }
    guard activation != "none" else { return .some(nil) }
    guard let method = FirmwareActivation.Method(rawValue: activation) else {
      throw DeviceError(
        .usage, "--activation: \"\(activation)\" is not known", details: ["valid values: live, suspend, none"]
      )
    }
    return method
  }
}
