import PmemDevice

/// The health reports of the DIMMs of a simulated machine, and of its platform. They belong to the hardware: a boot
/// keeps them. A DIMM without a record has no health command, like QEMU's.
struct HealthRecords: Hashable {
  private var readings: [Int: DimmHealth] = [:]
  private var platformFlags: [Int: [String]] = [:]
  private var injected: [Int: [HealthInjection.Kind: Int]] = [:]

  /// The answer of a DIMM; nil if it has no health command. Watched alarms are raised as long as the value is at its
  /// threshold or beyond.
  func health(of dimm: Int) -> DimmHealth? {
    guard var health = readings[dimm] else { return nil }
    for (kind, value) in injected[dimm] ?? [:] { health.report(kind, value) }
    for kind in DimmHealth.AlarmKind.allCases {
      guard let isWatched = health[kind].isWatched else { continue }
      health[kind].isRaised = isWatched && health.isBeyondThreshold(kind) == true
    }
    return health
  }

  /// How its alarms are set: of what it reports at all.
  func alarms(of dimm: Int) -> AlarmSettings {
    readings[dimm].map(AlarmSettings.init(of:)) ?? AlarmSettings()
  }

  /// Thresholds and watched alarms, which the DIMM keeps.
  mutating func set(_ alarms: AlarmSettings, of dimm: Int) { readings[dimm]?.apply(alarms) }

  /// As `DIMM.flags` has them.
  func flags(of dimm: Int) -> [String] { platformFlags[dimm] ?? [] }

  mutating func set(_ health: DimmHealth?, of dimm: Int) {
    var health = health
    // They follow from the rest.
    for kind in DimmHealth.AlarmKind.allCases { health?[kind].isRaised = nil }
    readings[dimm] = health
  }

  // MARK: Injection

  /// Which parts of its health a DIMM can be made to report otherwise: those that it reports at all.
  func injectable(of dimm: Int) -> Set<HealthInjection.Kind> {
    guard let health = readings[dimm] else { return [] }
    return Set(HealthInjection.Kind.allCases.filter { health.offers($0) })
  }

  mutating func inject(_ injection: HealthInjection, into dimm: Int) {
    injected[dimm, default: [:]][injection.kind] = injection.value
    if injected[dimm]?.isEmpty ?? false { injected[dimm] = nil }
  }

  /// As a power cycle does.
  mutating func withdrawAll() { injected = [:] }

  mutating func set(flags: [String], of dimm: Int) { platformFlags[dimm] = flags.isEmpty ? nil : flags }

  // MARK: The file

  private static let header = "pmemctl-health 1"
  /// Sixteenths of a degree, as far as SMART's fields go.
  private static let temperatures = -(255 * 16)...255 * 16
  private static let percents = 0...100

  var text: String {
    let numbers = Set(readings.keys).union(platformFlags.keys).sorted()
    return RecordFile.text(header: Self.header, numbers.map(line))
  }

  private func line(_ dimm: Int) -> RecordLine {
    var line = RecordLine("dimm")
    line.add("number", dimm)
    line.add("flags", platformFlags[dimm]?.joined(separator: ","))
    guard let health = readings[dimm] else { return line }
    line.add("command", 1)
    line.add("state", health.state?.rawValue)
    line.add("media-temperature", health.mediaTemperature?.sixteenths)
    line.add("media-temperature-threshold", health.mediaTemperatureThreshold?.sixteenths)
    line.add("controller-temperature", health.controllerTemperature?.sixteenths)
    line.add("controller-temperature-threshold", health.controllerTemperatureThreshold?.sixteenths)
    line.add("spares", health.spares)
    line.add("spares-threshold", health.sparesThreshold)
    line.add("life-used", health.lifeUsed)
    line.add("dirty", health.isShutdownDirty.map { $0 ? 1 : 0 })
    line.add("dirty-shutdowns", health.dirtyShutdowns)
    for kind in DimmHealth.AlarmKind.allCases {
      line.add("watch-\(kind.rawValue)", health[kind].isWatched.map { $0 ? 1 : 0 })
    }
    for kind in HealthInjection.Kind.allCases { line.add("injected-\(kind.rawValue)", injected[dimm]?[kind]) }
    return line
  }

  init() {}

  /// Reads the file back.
  ///
  /// - Throws: `DeviceError.Code.corrupt` with file and line for what no DIMM of the machine can report.
  init(parsing text: String, dimms: Int, file: String) throws(DeviceError) {
    var found = HealthRecords()
    try RecordFile.read(text, header: Self.header, file: file) { line throws(DeviceError) in
      let number = try line.integer("number", file: file, as: Int.self)
      guard line.kind == "dimm", (0..<dimms).contains(number) else {
        throw Self.wrong(line, file, "that is not a DIMM of the machine")
      }
      let flags = line["flags"]?.split(separator: ",").map(String.init) ?? []
      guard flags.allSatisfy(DIMM.platformFlags.contains) else {
        throw Self.wrong(line, file, "the platform has no such flag")
      }
      found.set(flags: flags, of: number)
      guard line["command"] != nil else { return }
      found.set(try Self.health(line, file), of: number)
      for kind in HealthInjection.Kind.allCases {
        if let value = try line.optional("injected-\(kind.rawValue)", in: Self.temperatures, file: file) {
          found.inject(HealthInjection(kind, value), into: number)
        }
      }
    }
    self = found
  }

  private static func health(_ line: RecordLine, _ file: String) throws(DeviceError) -> DimmHealth {
    var health = DimmHealth()
    if let word = line["state"] {
      guard let state = DimmHealth.State(rawValue: word) else {
        throw wrong(line, file, "the health state is not known")
      }
      health.state = state
    }
    func temperature(_ key: String) throws(DeviceError) -> Temperature? {
      try line.optional(key, in: temperatures, file: file).map { Temperature(sixteenths: $0) }
    }
    health.mediaTemperature = try temperature("media-temperature")
    health.mediaTemperatureThreshold = try temperature("media-temperature-threshold")
    health.controllerTemperature = try temperature("controller-temperature")
    health.controllerTemperatureThreshold = try temperature("controller-temperature-threshold")
    health.spares = try line.optional("spares", in: percents, file: file)
    health.sparesThreshold = try line.optional("spares-threshold", in: percents, file: file)
    health.lifeUsed = try line.optional("life-used", in: percents, file: file)
    health.isShutdownDirty = try line.optional("dirty", in: 0...1, file: file).map { $0 != 0 }
    health.dirtyShutdowns = try line.optional("dirty-shutdowns", in: 0...UInt64(UInt32.max), file: file)
    for kind in DimmHealth.AlarmKind.allCases {
      health[kind].isWatched = try line.optional("watch-\(kind.rawValue)", in: 0...1, file: file).map {
        $0 != 0
      }
    }
    return health
  }

  private static func wrong(_ line: RecordLine, _ file: String, _ problem: String) -> DeviceError {
    DeviceError(.corrupt, "\(file), line \(line.number): \(problem)")
  }
}

extension DimmHealth {
  /// Whether the DIMM reports it at all.
  fileprivate func offers(_ kind: HealthInjection.Kind) -> Bool {
    switch kind {
    case .mediaTemperature: mediaTemperature != nil
    case .controllerTemperature: controllerTemperature != nil
    case .spares: spares != nil
    case .fatal: state != nil
    case .dirtyShutdown: isShutdownDirty != nil
    }
  }

  fileprivate mutating func report(_ kind: HealthInjection.Kind, _ value: Int) {
    switch kind {
    case .mediaTemperature: mediaTemperature = Temperature(sixteenths: value)
    case .controllerTemperature: controllerTemperature = Temperature(sixteenths: value)
    case .spares: spares = value
    case .fatal: state = .fatal
    case .dirtyShutdown:
      isShutdownDirty = true
      dirtyShutdowns = dirtyShutdowns.map { $0 + 1 }
    }
  }
}
