/// The properties of a machine whose changes are events: what is there, and how it is. Values that go up and down by
/// themselves, such as temperatures, are not among them: their alarms are.
public struct MachineObservation: Hashable, Sendable {
  /// A property of a device.
  public struct Key: Hashable, Comparable, Sendable {
    /// Kernel name.
    public var subject: String
    /// Such as `health-state`.
    public var property: String

    public init(_ subject: String, _ property: String) {
      self.subject = subject
      self.property = property
    }

    public static func < (left: Key, right: Key) -> Bool {
      (left.subject, left.property) < (right.subject, right.property)
    }
  }

  /// A property that could not be read is missing: that is no change.
  public private(set) var values: [Key: String] = [:]
  /// Kernel names of what is there.
  public private(set) var subjects: Set<String> = []

  /// The property that every device has.
  public static let presence = "state"

  public init() {}

  /// As it was written down.
  public init(_ values: [Key: String]) {
    self.values = values
    subjects = Set(values.keys.filter { $0.property == Self.presence }.map(\.subject))
  }

  public init(_ reading: MachineReading) {
    for (bus, scrub) in zip(reading.inventory.buses, reading.scrubs) { add(bus, scrub) }
    for (index, dimm) in reading.inventory.dimms.enumerated() {
      add(dimm, reading.health[index], reading.firmware[index])
    }
    for region in reading.inventory.regions {
      set(region.dev, Self.presence, region.isEnabled ? "enabled" : "disabled")
      let namespaces = region.configuredNamespaces
      let inside = namespaces.reduce(0) { $0 + $1.badblockCount }
      set(region.dev, "bad-blocks", "\(max(0, region.badblockCount - inside))")
      for namespace in namespaces {
        set(namespace.dev, Self.presence, namespace.isEnabled ? "\(namespace.mode)" : "disabled")
        set(namespace.dev, "bad-blocks", "\(namespace.badblockCount)")
      }
    }
    for placed in reading.inventory.daxDevices {
      let device = placed.device
      set(device.chardev, Self.presence, device.isEnabled ? device.mode.rawValue : "disabled")
    }
  }

  private mutating func set(_ subject: String, _ property: String, _ value: String?) {
    guard let value else { return }
    values[Key(subject, property)] = value
    subjects.insert(subject)
  }

  private mutating func add(_ bus: Bus, _ scrub: BusScrub) {
    set(bus.dev, Self.presence, bus.provider)
    guard let state = scrub.state else { return }
    set(bus.dev, "scrub", state.rawValue)
    set(bus.dev, "scrubs", "\(scrub.completed)")
  }

  private mutating func add(_ dimm: DIMM, _ reading: HealthReading, _ firmware: FirmwareReading) {
    set(dimm.dev, Self.presence, dimm.isEnabled ? "enabled" : "disabled")
    set(dimm.dev, "security", dimm.security)
    for flag in DIMM.platformFlags { set(dimm.dev, flag, dimm.flags.contains(flag) ? "yes" : "no") }
    if let health = reading.health {
      set(dimm.dev, "health-state", health.state?.rawValue)
      for kind in DimmHealth.AlarmKind.allCases {
        set(dimm.dev, "\(kind.rawValue)-alarm", health[kind].isRaised.map { $0 ? "raised" : "clear" })
      }
      set(dimm.dev, "last-shutdown", health.isShutdownDirty.map { $0 ? "dirty" : "clean" })
      set(dimm.dev, "dirty-shutdowns", health.dirtyShutdowns.map { "\($0)" })
    }
    guard let firmware = firmware.firmware else { return }
    set(dimm.dev, "firmware", FirmwarePlanner.version(firmware.running))
    set(dimm.dev, "staged-firmware", firmware.staged.map(FirmwarePlanner.version) ?? "none")
    set(dimm.dev, "firmware-activation", firmware.activation?.rawValue)
    set(dimm.dev, "activation-result", firmware.result?.rawValue)
  }

  // MARK: Changes

  /// What has changed, in order of the devices.
  ///
  /// - Parameter old: An earlier observation; nil for none, of which only what is bad is reported.
  /// - Returns: Each change once. What could not be read before, or cannot now, has not changed.
  public func events(since old: MachineObservation?) -> [MonitorEvent] {
    var events: [MonitorEvent] = []
    for (key, value) in values.sorted(by: { $0.key < $1.key }) {
      let before = old?.values[key]
      guard before != value else { continue }
      let event = MonitorEvent(key, old: before, new: value)
      // A first look tells what is bad already; a device that comes is one event, and what is bad of it.
      guard before == nil else {
        events.append(event)
        continue
      }
      let isNew = old.map { !$0.subjects.contains(key.subject) } ?? false
      if isNew && key.property == Self.presence || event.isBad { events.append(event) }
    }
    guard let old else { return events }
    for subject in old.subjects.subtracting(subjects).sorted() {
      let key = Key(subject, Self.presence)
      events.append(MonitorEvent(key, old: old.values[key], new: nil))
    }
    return events
  }

  /// The observation after one event alone: as far as events were delivered before one could not be.
  public func applying(_ event: MonitorEvent) -> MachineObservation {
    var values = values
    if let new = event.new {
      values[event.key] = new
    } else {
      values = values.filter { $0.key.subject != event.key.subject }
    }
    return MachineObservation(values)
  }

  /// What could not be read this time stays as it was known: it is compared when it can be read again.
  public func keeping(_ old: MachineObservation?) -> MachineObservation {
    guard let old else { return self }
    var kept = self
    for (key, value) in old.values where kept.values[key] == nil && subjects.contains(key.subject) {
      kept.values[key] = value
    }
    return kept
  }
}
