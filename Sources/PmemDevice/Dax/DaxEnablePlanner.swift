/// Plans what makes a whole namespace mappable by one consumer, or takes that back.
public struct DaxEnablePlanner {
  private let inventory: Inventory
  private let inspector: any UsageInspector
  private let contents: any ContentInspector
  private let accepted: AcceptedDangers
  private let truth: (Namespace) -> Namespace

  /// - Parameters:
  ///   - inventory: The machine's devices.
  ///   - inspector: Asked who is in the way.
  ///   - contents: Asked what would be lost.
  ///   - accepted: Harm that a person has named, and wants done.
  ///   - truth: Probes a disabled namespace by its info block.
  public init(
    _ inventory: Inventory, inspector: any UsageInspector, contents: any ContentInspector,
    accepting accepted: AcceptedDangers, truth: @escaping (Namespace) -> Namespace
  ) {
    self.inventory = inventory
    self.inspector = inspector
    self.contents = contents
    self.accepted = accepted
    self.truth = truth
  }

  /// The result of a plan.
  public struct Outcome {
    public let plan: Plan
    /// Kernel name of the namespace, as it will be.
    public let namespace: String
  }

  // MARK: Enabling

  /// - Parameters:
  ///   - name: A region, a namespace or its device. A region with one namespace means that.
  ///   - request: The consumer, and the options.
  /// - Returns: The plan; without steps if nothing has to change.
  /// - Throws: The reason if it is impossible; ``DeviceError/Code/refused`` if it is in use, content would be lost, or
  ///   force is needed.
  public func enable(_ name: String, _ request: DaxEnableRequest) throws(DeviceError) -> Outcome {
    guard let region = inventory.regions.first(where: { $0.dev == name }) else {
      return try enable(try NameResolver(inventory).namespace(name, for: "dax enable"), request)
    }
    guard region.isEnabled else {
      throw DeviceError(
        .failed, "cannot use \(name): it is disabled", try: ["pmemctl region enable \(name)"], errno: 6)
    }
    let configured = region.configuredNamespaces
    guard configured.count < 2 else {
      throw DeviceError(
        .ambiguous, "which namespace of \(name)?",
        details: configured.map { "\($0.title)  \($0.mode)  \($0.size)" })
    }
    if let only = configured.first { return try enable(only, request) }
    let creation = NamespaceCreateRequest(
      mode: mode(for: request.consumer), map: request.map, align: request.align,
      amount: request.amount ?? .max,
      name: request.name, regions: [region], isRegionGiven: true, force: request.force)
    try creation.validate()
    let made = try NamespaceCreatePlanner(creation, inventory: inventory).plan()
    return Outcome(plan: made.plan, namespace: made.proposal.namespace.dev)
  }

  private func enable(_ present: Namespace, _ request: DaxEnableRequest) throws(DeviceError) -> Outcome {
    let namespace = truth(present)
    guard isAsAsked(namespace, request) else {
      let change = NamespaceReconfigureRequest(
        mode: mode(for: request.consumer), map: request.map, align: request.align, amount: request.amount,
        name: request.name, force: request.force)
      let outcome = try NamespaceReconfigurePlanner(
        present, as: namespace, in: inventory, inspector: inspector, contents: contents, accepting: accepted
      ).plan(change)
      return Outcome(plan: outcome.plan, namespace: present.dev)
    }
    guard present.isEnabled else {
      let plan = try NamespaceStatePlanner(
        inventory, inspector: inspector, contents: nil, accepting: accepted
      ).enable([present])
      return Outcome(plan: plan, namespace: present.dev)
    }
    let devices = inventory.daxDevices.filter { $0.namespace?.dev == present.dev }
    guard devices.allSatisfy({ $0.device.isEnabled && $0.device.mode == .devdax }) else {
      let plan = try DaxDevicePlanner(inventory, inspector: inspector, accepting: accepted).reconfigure(
        devices, DaxDeviceRequest(mode: .devdax, force: request.force))
      return Outcome(plan: plan, namespace: present.dev)
    }
    return Outcome(
      plan: Plan(
        title: "prepare \(present.title) for \(request.consumer.words)", entries: [],
        warnings: ["\(present.title) is ready for \(request.consumer.words) already; nothing was changed"]),
      namespace: present.dev)
  }

  /// Before there was device-dax, mmap of the block device itself was DAX.
  private func mode(for consumer: DaxConsumer) -> NamespaceMode {
    consumer.mode == .devdax && !inventory.host.rules.hasDeviceDax ? .fsdax : consumer.mode
  }

  private func isAsAsked(_ namespace: Namespace, _ request: DaxEnableRequest) -> Bool {
    let isMapped =
      inventory.host.rules.mapsBlockDevices && request.consumer == .qemu && namespace.mode == .raw
    return (namespace.mode == mode(for: request.consumer) || isMapped) && request.amount == nil
      && request.map ?? namespace.map == namespace.map
      && request.align ?? namespace.align ?? 0 == namespace.align ?? 0
      && request.name ?? namespace.name == namespace.name
  }

  // MARK: Disabling

  /// Raw mode: nothing can be mapped any more.
  ///
  /// - Parameters:
  ///   - name: A namespace or its device.
  ///   - force: Also while it is enabled (and idle).
  /// - Returns: The plan; without steps if it has no DAX.
  /// - Throws: As ``enable(_:_:)``; ``DeviceError/Code/unsupported`` for what the kernel maps as it is.
  public func disable(_ name: String, force: Bool) throws(DeviceError) -> Outcome {
    let present = try NameResolver(inventory).namespace(name, for: "dax disable")
    let namespace = truth(present)
    guard namespace.mode.hasMemoryMap else {
      return Outcome(
        plan: Plan(
          title: "return \(present.title) to raw mode", entries: [],
          warnings: ["\(present.title) has no DAX: it is in \(namespace.mode) mode"]), namespace: present.dev)
    }
    guard namespace.holder != nil || !namespace.isEnabled || namespace.map != .mem else {
      throw DeviceError(
        .unsupported, "cannot disable DAX of \(present.title): the kernel maps this memory natively",
        details: ["only sector mode prevents that"],
        try: ["pmemctl namespace reconfigure --mode sector \(present.dev)"], errno: 95)
    }
    let outcome = try NamespaceReconfigurePlanner(
      present, as: namespace, in: inventory, inspector: inspector, contents: contents, accepting: accepted
    ).plan(NamespaceReconfigureRequest(mode: .raw, force: force))
    return Outcome(plan: outcome.plan, namespace: present.dev)
  }
}
