import Glibc
import PmemDevice
import PmemInspect
import PmemctlCommands

/// The DIMMs that a monitor watches, and what it knows of them.
struct MonitorWatch {
  private let session: ToolSession
  private let log: MonitorLog
  private let events: DimmEvents
  private var dimms: [DIMM] = []
  /// The health states that were reported last, by kernel name.
  private var states: [String: DimmHealth.State] = [:]
  /// What is raised, for machines whose DIMMs announce nothing.
  private var raised: [String: DimmEvents] = [:]

  /// - Parameters:
  ///   - session: Of the command.
  ///   - log: Where events go.
  ///   - events: Those that are reported.
  init(session: ToolSession, log: MonitorLog, events: DimmEvents) {
    self.session = session
    self.log = log
    self.events = events
  }

  // MARK: The start

  /// Chooses the DIMMs, has them watch their alarms, and reports what is raised already.
  ///
  /// - Parameter selectors: Which DIMMs.
  /// - Returns: Whether there are any.
  /// - Throws: If the machine cannot be asked at all.
  mutating func begin(_ selectors: Selectors) throws -> Bool {
    let tree = try session.devices(.listing)
    let chosen = tree.buses.filter(selectors.admits).flatMap { bus in
      bus.dimms.filter { selectors.admits($0, on: bus) }
    }
    let found = try readings(chosen)
    let alarms = try asking { backend throws(DeviceError) in try backend.alarms(of: chosen) }
    for (index, dimm) in chosen.enumerated() {
      switch found[index] {
      case .notSupported:
        log.complain("\(dimm.dev): no smart support")
        continue
      case .notPermitted, .failed:
        log.complain("\(dimm.dev): smart threshold command failed")
        log.complain("\(dimm.dev): enable supported threshold alarms failed")
        continue
      case .reported: break
      }
      guard enable(alarms[index], of: dimm, tree) else {
        log.complain("\(dimm.dev): enable supported threshold alarms failed")
        continue
      }
      dimms.append(dimm)
    }
    session.endChanges()
    for (dimm, reading) in zip(dimms, try readings(dimms)) {
      states[dimm.dev] = reading.health?.state
      raised[dimm.dev] = reading.health.map(DimmEvents.init(of:))
      if let found = raised[dimm.dev], !found.isDisjoint(with: events) { report(dimm, reading, found) }
    }
    return !dimms.isEmpty
  }

  /// The alarms among the events, as far as the DIMM has them.
  private func enable(_ present: AlarmSettings, of dimm: DIMM, _ tree: DeviceTree) -> Bool {
    var changes = AlarmSettings()
    for kind in present.kinds where events.contains(DimmEvents(kind)) {
      changes[kind] = AlarmSettings.Setting(isWatched: true)
    }
    guard !changes.kinds.isEmpty, present.applying(changes) != present else { return true }
    return session.perform(on: tree) { _ throws(DeviceError) in
      try AlarmPlanner([dimm.dev: present]).set(changes, of: [dimm])
    } == .done
  }

  // MARK: Then

  /// - Parameter poll: Seconds after which every DIMM is looked at without an event; nil for never.
  /// - Throws: If the machine cannot be asked.
  mutating func run(poll: Int?) throws {
    let wakeup = session.isSimulated ? nil : DeviceEvents()
    wakeup?.watch(dimms: dimms.map(\.dev))
    while true {
      // What a simulated DIMM raises is seen by looking.
      guard let wakeup else {
        guard session.pause(poll.map(Double.init) ?? 1) else { return }
        try look(at: dimms, onlyChanges: poll == nil)
        continue
      }
      switch wakeup.wait(seconds: poll.map(Double.init)) {
      case .timeout: if poll != nil { try look(at: dimms) }
      case .devices: break
      case .dimms(let names): try look(at: dimms.filter { names.contains($0.dev) })
      }
    }
  }

  private mutating func look(at dimms: [DIMM], onlyChanges: Bool = false) throws {
    for (dimm, reading) in zip(dimms, try readings(dimms)) {
      guard let health = reading.health else { continue }
      let before = raised[dimm.dev] ?? []
      var found = DimmEvents(of: health)
      raised[dimm.dev] = found
      // Once: to compare with the state at the start would report it for ever.
      if health.state != states[dimm.dev] { found.insert(.healthState) }
      states[dimm.dev] = health.state
      guard !found.isDisjoint(with: events), !onlyChanges || found != before else { continue }
      report(dimm, reading, found)
    }
  }

  /// As they are now.
  private func readings(_ dimms: [DIMM]) throws(DeviceError) -> [HealthReading] {
    try asking { backend throws(DeviceError) in try backend.health(of: dimms) }
  }

  /// The machine is not kept open between two looks: a simulated one is locked while it is.
  private func asking<Answer>(
    _ body: (any CommandContext.Backend) throws(DeviceError) -> Answer
  ) throws(DeviceError) -> Answer {
    session.forget()
    defer { session.forget() }
    return try body(session.machine(forWriting: false).backend)
  }

  private func report(_ dimm: DIMM, _ reading: HealthReading, _ found: DimmEvents) {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    var message = LibraryObject()
    message.add("timestamp", MonitorLog.text(time))
    message.add("pid", Int(getpid()))
    message.add("event", .object(events.object(found)))
    let objects = DeviceObjects(style: NumberStyle(isHuman: false))
    message.add("dimm", .object(objects.dimm(dimm, firmware: nil, health: reading)))
    let value = LibraryJSON.object(message)
    log.notify(session.options.flag("human") ? value.printed : value.line)
  }
}
