import ArgumentParser
import PmemDevice
import PmemSim

struct SimSetHealth: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "set-health", abstract: "Set what a DIMM of a simulated machine reports about its health.",
    discussion: """
      A DIMM reports only what was set; before that it has no health command, as QEMU's have none. Settings survive a \
      reboot. An enabled alarm is raised while its value is at the threshold or beyond.
      """)

  @Argument(help: ArgumentHelp("nmem0, 0, or an id.", valueName: "dimm"))
  var dimm: String

  @Flag(name: .long, help: "Start from a healthy DIMM that reports every field.")
  var complete = false

  @Flag(name: .long, help: "Remove the health command.")
  var none = false

  @Option(name: .long, help: "ok, non-critical, critical or fatal.")
  var state: String?

  @Option(
    name: .customLong("media-temperature"), parsing: .unconditional,
    help: ArgumentHelp("In °C, from -254 to 254.", valueName: "celsius"))
  var mediaTemperature: Int?

  @Option(
    name: .customLong("media-temperature-threshold"), help: ArgumentHelp("In °C.", valueName: "celsius"))
  var mediaTemperatureThreshold: Int?

  @Option(
    name: .customLong("controller-temperature"), parsing: .unconditional,
    help: ArgumentHelp("In °C.", valueName: "celsius"))
  var controllerTemperature: Int?

  @Option(
    name: .customLong("controller-temperature-threshold"), help: ArgumentHelp("In °C.", valueName: "celsius"))
  var controllerTemperatureThreshold: Int?

  @Option(name: .long, help: ArgumentHelp("Remaining spare blocks.", valueName: "percent"))
  var spares: Int?

  @Option(
    name: .customLong("spares-threshold"),
    help: ArgumentHelp("The alarm is raised at or below it.", valueName: "percent"))
  var sparesThreshold: Int?

  @Option(
    name: .customLong("life-used"), help: ArgumentHelp("Used part of its rated life.", valueName: "percent"))
  var lifeUsed: Int?

  @Option(name: .customLong("last-shutdown"), help: ArgumentHelp("clean or dirty.", valueName: "state"))
  var lastShutdown: String?

  @Option(
    name: .customLong("dirty-shutdowns"), help: ArgumentHelp("Number of dirty shutdowns.", valueName: "count")
  )
  var dirtyShutdowns: UInt32?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Enable this alarm: spares, media-temperature or controller-temperature.", valueName: "alarm"))
  var watch: [String] = []

  @Option(name: .long, help: ArgumentHelp("Disable this alarm.", valueName: "alarm"))
  var ignore: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Flags that the platform reports, such as failed_save; none for no flag.", valueName: "flag")
  )
  var flag: [String] = []

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    guard !(complete && none) else { throw DeviceError(.usage, "--complete and --none exclude each other") }
    var change = HealthChange()
    change.base = complete ? .complete : none ? .some(nil) : nil
    try read(into: &change)
    try SimWorkload(which.open(in: context, forWriting: true)).setHealth(of: dimm, flags: try flags()) {
      change.apply(to: &$0)
    }
  }

  private func flags() throws(DeviceError) -> [String]? {
    if flag == ["none"] { return [] }
    for name in flag where !DIMM.platformFlags.contains(name) {
      throw DeviceError(
        .usage, "--flag: \"\(name)\" is not known",
        details: ["valid values: \(DIMM.platformFlags.joined(separator: ", ")), or none alone"])
    }
    return flag.isEmpty ? nil : DIMM.platformFlags.filter(flag.contains)
  }

  private func read(into change: inout HealthChange) throws(DeviceError) {
    if let state { change.set(\.state, try parseChoice(state, option: "--state") as DimmHealth.State) }
    try change.set(\.mediaTemperature, mediaTemperature, "--media-temperature")
    try change.set(\.mediaTemperatureThreshold, mediaTemperatureThreshold, "--media-temperature-threshold")
    try change.set(\.controllerTemperature, controllerTemperature, "--controller-temperature")
    try change.set(
      \.controllerTemperatureThreshold, controllerTemperatureThreshold, "--controller-temperature-threshold")
    try change.set(\.spares, spares, "--spares")
    try change.set(\.sparesThreshold, sparesThreshold, "--spares-threshold")
    try change.set(\.lifeUsed, lifeUsed, "--life-used")
    if let lastShutdown {
      guard ["clean", "dirty"].contains(lastShutdown) else {
        throw DeviceError(
          .usage, "--last-shutdown: \"\(lastShutdown)\" is not known", details: ["valid values: clean, dirty"]
        )
      }
      change.set(\.isShutdownDirty, lastShutdown == "dirty")
    }
    if let dirtyShutdowns { change.set(\.dirtyShutdowns, UInt64(dirtyShutdowns)) }
    for word in watch { change.watch(try parseChoice(word, option: "--watch"), true) }
    for word in ignore { change.watch(try parseChoice(word, option: "--ignore"), false) }
  }
}

/// The changes of a command line to a DIMM's health.
private struct HealthChange {
  /// The state it starts from instead of the present one: a DIMM's health, or none.
  var base: DimmHealth??
  private var changes: [(inout DimmHealth) -> Void] = []

  func apply(to health: inout DimmHealth?) {
    if let base { health = base }
    guard !changes.isEmpty else { return }
    var changed = health ?? DimmHealth()
    for change in changes { change(&changed) }
    health = changed
  }

  mutating func set<Value>(_ field: WritableKeyPath<DimmHealth, Value?>, _ value: Value) {
    changes.append { $0[keyPath: field] = value }
  }

  mutating func watch(_ kind: DimmHealth.AlarmKind, _ isWatched: Bool) {
    changes.append { $0[kind].isWatched = isWatched }
  }

  /// A temperature in degrees.
  mutating func set(
    _ field: WritableKeyPath<DimmHealth, Temperature?>, _ celsius: Int?, _ option: String
  ) throws(DeviceError) {
    guard let celsius else { return }
    guard (-254...254).contains(celsius) else {
      throw DeviceError(.usage, "\(option): \(celsius) is not between -254 and 254 °C")
    }
    set(field, Temperature(celsius: celsius))
  }

  /// A percentage.
  mutating func set(
    _ field: WritableKeyPath<DimmHealth, Int?>, _ percent: Int?, _ option: String
  ) throws(DeviceError) {
    guard let percent else { return }
    guard (0...100).contains(percent) else {
      throw DeviceError(.usage, "\(option): \(percent) is not between 0 and 100 percent")
    }
    set(field, percent)
  }
}
