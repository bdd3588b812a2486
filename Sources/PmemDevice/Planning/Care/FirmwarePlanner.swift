/// Plans changes of the firmware of DIMMs. All preconditions of all DIMMs are checked, and named at once, before the first
/// is touched.
public struct FirmwarePlanner {
  private let inventory: Inventory
  private let readings: [String: FirmwareReading]
  private let scrubs: [String: BusScrub]
  private let activations: [String: FirmwareActivation]

  /// - Parameters:
  ///   - inventory: The machine's devices.
  ///   - readings: Of the DIMMs that will be named, by kernel name.
  ///   - scrubs: Of their buses, by kernel name.
  ///   - activations: Of their buses, by kernel name.
  public init(
    _ inventory: Inventory, readings: [String: FirmwareReading], scrubs: [String: BusScrub],
    activations: [String: FirmwareActivation]
  ) {
    self.inventory = inventory
    self.readings = readings
    self.scrubs = scrubs
    self.activations = activations
  }

  // MARK: Staging

  /// Stages an image on DIMMs, one after the other.
  ///
  /// - Parameters:
  ///   - image: Of their firmware.
  ///   - dimms: Which; those that would have to be reset for another image are refused.
  ///   - abandonsOpen: Whether an update that another program left open is abandoned.
  /// - Returns: The plan.
  /// - Throws: ``DeviceError/Code/unsupported``, ``DeviceError/Code/permission``, or ``DeviceError/Code/failed`` with
  ///   every precondition that does not hold.
  public func stage(
    _ image: [UInt8], on dimms: [DIMM], abandonsOpen: Bool
  ) throws(DeviceError) -> Plan {
    let title = "stage \(ByteCount(UInt64(image.count))) of firmware on \(DimmStatePlanner.count(dimms))"
    let known = try read(dimms, title)
    var problems = dimms.compactMap { dimm -> FailedPrecondition? in
      guard let storage = known[dimm.dev]?.storage, UInt64(image.count) > storage else { return nil }
      return FailedPrecondition("the image has \(image.count) bytes, and \(dimm.dev) has room for \(storage)")
    }
    if image.isEmpty { problems.insert(FailedPrecondition("the image is empty"), at: 0) }
    for bus in buses(of: dimms) where scrubs[bus.dev]?.state == .active {
      problems.append(
        FailedPrecondition(
          "\(bus.dev) is being scrubbed, and DIMMs refuse images meanwhile",
          "pmemctl bus scrub wait \(bus.dev)"))
    }
    for dimm in dimms {
      guard let staged = known[dimm.dev]?.staged else { continue }
      problems.append(
        FailedPrecondition(
          "\(dimm.dev) has version \(Self.version(staged)) staged: it takes another image after the activation of that",
          activations[bus(of: dimm)?.dev ?? ""]?.method == nil
            ? nil : "pmemctl dimm firmware activate \(bus(of: dimm)?.dev ?? "")"))
    }
    try FailedPrecondition.refuse(title, problems)
    return Plan(
      title: title,
      entries: dimms.flatMap { dimm in
        (abandonsOpen ? [entry(.abandonUpdate, dimm)] : []) + [entry(.stage(image), dimm)]
      },
      warnings: [
        "it runs after a power cycle"
          + (canActivate(dimms) ? ", or after pmemctl dimm firmware arm and activate" : "")
      ], isDestructive: true)
  }

  private func canActivate(_ dimms: [DIMM]) -> Bool {
    buses(of: dimms).allSatisfy { activations[$0.dev]?.method != nil }
  }

  // MARK: Arming

  /// Has DIMMs take part in the next activation.
  public func arm(_ dimms: [DIMM]) throws(DeviceError) -> Plan {
    let title = "arm \(DimmStatePlanner.count(dimms)) for activation"
    let known = try read(dimms, title)
    try FailedPrecondition.refuse(title, unactivatable(dimms, known))
    let armed = dimms.filter { known[$0.dev]?.activation == .armed }
    let rest = dimms.filter { !armed.contains($0) }
    let missing = rest.filter { known[$0.dev]?.staged == nil }
    try FailedPrecondition.refuse(
      title,
      missing.map {
        FailedPrecondition(
          "nothing is staged on \($0.dev)", "pmemctl dimm firmware update --image FILE \($0.dev)")
      })
    return Plan(
      title: title, entries: rest.map { entry(.arm, $0) },
      warnings: armed.map { "\($0.dev) is armed already" })
  }

  /// Leaves DIMMs out of the next activation; what is staged stays so.
  public func disarm(_ dimms: [DIMM]) throws(DeviceError) -> Plan {
    let title = "disarm \(DimmStatePlanner.count(dimms))"
    let known = try read(dimms, title)
    try FailedPrecondition.refuse(title, unactivatable(dimms, known))
    let armed = dimms.filter { known[$0.dev]?.activation == .armed }
    return Plan(
      title: title, entries: armed.map { entry(.disarm, $0) },
      warnings: dimms.filter { !armed.contains($0) }.map { "\($0.dev) is not armed" })
  }

  private func unactivatable(_ dimms: [DIMM], _ known: [String: DimmFirmware]) -> [FailedPrecondition] {
    dimms.compactMap { dimm in
      switch known[dimm.dev]?.activation {
      case nil: FailedPrecondition("the firmware of \(dimm.dev) is activated by a power cycle alone")
      case .busy: FailedPrecondition("\(dimm.dev) is being activated")
      case .idle, .armed: nil
      }
    }
  }

  // MARK: Activation

  /// Activates the staged firmware of the armed DIMMs of a bus.
  ///
  /// - Parameters:
  ///   - bus: Whose.
  ///   - method: How; nil for the bus's own.
  ///   - root: The type of the root filesystem if freezing all devices would end it, such as `9p`; nil if not.
  ///   - acceptsFreeze: Whether that was named, and is wanted.
  /// - Returns: The plan.
  /// - Throws: ``DeviceError/Code/unsupported``, ``DeviceError/Code/refused`` if the root filesystem would not survive, or
  ///   ``DeviceError/Code/failed`` with every precondition that does not hold.
  public func activate(
    _ bus: Bus, method: FirmwareActivation.Method?, frozenRoot root: String?, acceptsFreeze: Bool
  ) throws(DeviceError) -> Plan {
    let title = "activate the firmware of the armed DIMMs of \(bus.dev)"
    guard let activation = activations[bus.dev], let own = activation.method else {
      throw DeviceError(
        .unsupported, "cannot \(title): only a power cycle activates it",
        details: ["nothing was changed"], errno: 95)
    }
    let known = try read(bus.dimms.filter { readings[$0.dev] != .notSupported }, title)
    let armed = bus.dimms.filter { known[$0.dev]?.activation == .armed }
    var problems: [FailedPrecondition] = []
    if activation.state == .busy {
      problems.append(FailedPrecondition("an activation of \(bus.dev) is under way"))
    } else if armed.isEmpty {
      problems.append(FailedPrecondition("no DIMM of \(bus.dev) is armed", "pmemctl dimm firmware show"))
    }
    if activation.state == .overflow {
      problems.append(
        FailedPrecondition(
          "the \(armed.count) armed DIMMs take longer together than the platform permits: disarm some, and activate "
            + "those after the others", armed.last.map { "pmemctl dimm firmware disarm \($0.dev)" }))
    }
    for dimm in armed where known[dimm.dev]?.staged == nil {
      problems.append(
        FailedPrecondition(
          "\(dimm.dev) is armed, and nothing is staged on it", "pmemctl dimm firmware disarm \(dimm.dev)"))
    }
    try FailedPrecondition.refuse(title, problems)
    let freezes = (method ?? own) == .suspend
    if freezes, let root, !acceptsFreeze {
      throw DeviceError(
        .refused,
        "refused to \(title): all devices are frozen meanwhile, and the root filesystem (\(root)) may not come back",
        details: ["--accept-freeze permits it; nothing was changed"], errno: 16)
    }
    return Plan(
      title: title,
      entries: [Plan.Entry(.activateFirmware(bus: bus.dev, method ?? own), title)],
      warnings: armed.map { dimm in
        "\(dimm.dev): \(known[dimm.dev].flatMap(\.staged).map { "version \(Self.version($0))" } ?? "its image")"
      }
        + (freezes
          ? ["all tasks and devices are frozen meanwhile, as for hibernation: network, storage and RDMA stop"]
          : own == .suspend ? ["the platform asks for a freeze, which --live omits: DMA may time out"] : []),
      isDestructive: true, harmsUsers: freezes || own == .suspend)
  }

  // MARK: Common

  private func entry(_ operation: FirmwareOperation, _ dimm: DIMM) -> Plan.Entry {
    Plan.Entry(.firmware(dimm: dimm.dev, operation), operation.words(dimm.dev))
  }

  private func bus(of dimm: DIMM) -> Bus? {
    inventory.buses.first { bus in bus.dimms.contains { $0.dev == dimm.dev } }
  }

  private func buses(of dimms: [DIMM]) -> [Bus] {
    inventory.buses.filter { bus in dimms.contains { dimm in bus.dimms.contains { $0.dev == dimm.dev } } }
  }

  /// All that were read.
  ///
  /// - Throws: If one was not.
  private func read(_ dimms: [DIMM], _ title: String) throws(DeviceError) -> [String: DimmFirmware] {
    let details = ["nothing was changed"]
    var known: [String: DimmFirmware] = [:]
    for dimm in dimms {
      switch readings[dimm.dev] {
      case .reported(let firmware): known[dimm.dev] = firmware
      case .notSupported, nil:
        throw DeviceError(
          .unsupported,
          "cannot \(title): \(dimms.count == 1 ? "it" : dimm.dev) has no commands for its firmware",
          details: details, errno: 95)
      case .notPermitted:
        throw DeviceError(
          .permission, "cannot \(title): only root may read the firmware of \(dimm.dev)", details: details)
      case .failed(let reason):
        throw DeviceError(
          .failed, "cannot \(title): the firmware of \(dimm.dev) cannot be read: \(reason)", details: details)
      }
    }
    return known
  }

  /// `0xffffffffabcd`.
  public static func version(_ number: UInt64) -> String { "0x" + String(number, radix: 16) }
}
