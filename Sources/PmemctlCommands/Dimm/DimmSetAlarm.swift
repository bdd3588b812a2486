import ArgumentParser
import PmemDevice
import PmemOutput

struct DimmSetAlarm: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "set-alarm", abstract: "Set the alarms of DIMMs: their thresholds, and which are watched.",
    discussion: """
      A number is the threshold of an alarm, which is watched then; on and off leave the threshold. A DIMM that watches an \
      alarm raises it, and tells the kernel, when the value reaches the threshold. DIMMs keep this over power cycles.
      """)

  @Argument(help: ArgumentHelp("nmem0, 0, or an id; all for every one.", valueName: "dimm"))
  var names: [String]

  @Option(
    name: .customLong("media-temperature"), parsing: .unconditional,
    help: ArgumentHelp("In °C: raised there and above.", valueName: "celsius|on|off"))
  var mediaTemperature: String?

  @Option(
    name: .customLong("controller-temperature"), parsing: .unconditional,
    help: ArgumentHelp("In °C.", valueName: "celsius|on|off"))
  var controllerTemperature: String?

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Remaining spare blocks: raised there and below.", valueName: "percent|on|off"))
  var spares: String?

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let changes = try changes()
    guard !changes.kinds.isEmpty else {
      throw DeviceError(
        .usage, "there is no alarm to set",
        details: ["for example: --media-temperature 82; --spares 5; --controller-temperature off"])
    }
    try Change(context, change, output, machine).run { backend, inventory in
      let dimms = try NameResolver(inventory).dimms(names)
      if !inventory.host.isPrivileged {
        throw DeviceError(
          .permission, "cannot set alarms of \(counted(dimms.count, "DIMM")): only root may",
          try: [context.asRoot])
      }
      let planner = AlarmPlanner(
        Dictionary(uniqueKeysWithValues: zip(dimms.map(\.dev), try backend.alarms(of: dimms))))
      return Change.Planned(plan: try planner.set(changes, of: dimms), subject: dimms)
    } report: { planned, backend in
      try HealthReport.write(planned.subject, of: backend, output, context)
    }
  }

  private func changes() throws(DeviceError) -> AlarmSettings {
    var changes = AlarmSettings()
    let texts: [(DimmHealth.AlarmKind, String?)] = [
      (.mediaTemperature, mediaTemperature), (.controllerTemperature, controllerTemperature),
      (.spares, spares),
    ]
    for case (let kind, let text?) in texts { changes[kind] = try Self.setting(text, of: kind) }
    return changes
  }

  private static func setting(
    _ text: String, of kind: DimmHealth.AlarmKind
  ) throws(DeviceError) -> AlarmSettings.Setting {
    if text == "on" || text == "off" { return AlarmSettings.Setting(isWatched: text == "on") }
    let range = kind == .spares ? 0...100 : -254...254
    guard let number = Int(text), range.contains(number) else {
      throw DeviceError(
        .usage,
        "--\(kind.rawValue): \"\(text)\" is not on, off, or a number from \(range.lowerBound) to \(range.upperBound)"
      )
    }
    return AlarmSettings.Setting(threshold: kind == .spares ? number : number * 16, isWatched: true)
  }
}
