/// Plans changes of the security of DIMMs. All preconditions of all DIMMs are checked, and named at once, before the first
/// is touched.
public struct SecurityPlanner {
  private let inventory: Inventory
  private let security: [String: DimmSecurity]

  /// - Parameters:
  ///   - inventory: The machine's devices.
  ///   - security: Of the DIMMs that will be named, by kernel name.
  public init(_ inventory: Inventory, security: [String: DimmSecurity]) {
    self.inventory = inventory
    self.security = security
  }

  /// Gives DIMMs a passphrase each.
  ///
  /// - Parameters:
  ///   - dimms: Which have none.
  ///   - createsMaster: Whether a missing master key is created.
  /// - Returns: The plan.
  /// - Throws: ``DeviceError/Code/unsupported``, or ``DeviceError/Code/failed`` with every precondition that does not hold.
  public func setUp(_ dimms: [DIMM], createsMaster: Bool) throws(DeviceError) -> Plan {
    try check(dimms, "set a passphrase on", from: [.disabled], needs: createsMaster ? [] : [.master])
    let lacksMaster = dimms.first { !keys($0).hasMaster }
    return Plan(
      title: "set a passphrase on \(DimmStatePlanner.count(dimms))",
      entries: (createsMaster ? lacksMaster.map { [entry(.createMasterKey, $0)] } ?? [] : [])
        + dimms.flatMap { dimm in
          // Without a passphrase the DIMM has no pending one either.
          (keys(dimm).hasPending ? [entry(.adoptPendingKey, dimm)] : []) + newPassphrase(dimm)
        }, warnings: [backup(dimms)], isDestructive: true)
  }

  /// Gives DIMMs another passphrase.
  public func update(_ dimms: [DIMM]) throws(DeviceError) -> Plan {
    try check(dimms, "change the passphrase of", from: [.unlocked], needs: [.current, .master])
    return Plan(
      title: "change the passphrase of \(DimmStatePlanner.count(dimms))",
      entries: dimms.flatMap { dimm in
        (keys(dimm).hasPending ? [entry(.adoptPendingKey, dimm)] : []) + newPassphrase(dimm)
      }, warnings: [backup(dimms)], isDestructive: true)
  }

  /// Removes the passphrases of DIMMs; their data stay.
  public func remove(_ dimms: [DIMM]) throws(DeviceError) -> Plan {
    try check(dimms, "remove the passphrase of", from: [.unlocked], needs: [.current])
    return Plan(
      title: "remove the passphrase of \(DimmStatePlanner.count(dimms))",
      entries: dimms.flatMap { dimm in
        (keys(dimm).hasPending ? [entry(.adoptPendingKey, dimm)] : [])
          + [entry(.removePassphrase, dimm), entry(.discardKeys, dimm)]
      }, isDestructive: true)
  }

  /// Has DIMMs refuse every change of their security until the next power cycle.
  public func freeze(_ dimms: [DIMM]) throws(DeviceError) -> Plan {
    let thawed = dimms.filter { security[$0.dev]?.isFrozen != true }
    try check(thawed, "freeze the security of", from: [.unlocked], needs: [])
    return Plan(
      title: "freeze the security of \(DimmStatePlanner.count(dimms))",
      entries: thawed.map { entry(.freeze, $0) },
      warnings: dimms.filter { !thawed.contains($0) }.map { "the security of \($0.dev) is frozen already" }
        + thawed.map { "\($0.dev) stays frozen until the next power cycle" })
  }

  /// Unlocks DIMMs with the passphrases on this machine, and enables the regions on them.
  public func unlock(_ dimms: [DIMM]) throws(DeviceError) -> Plan {
    let locked = dimms.filter { security[$0.dev]?.state != .unlocked }
    try check(locked, "unlock", from: [.locked], needs: [.anyKey])
    let open = Set(inventory.dimms.filter { $0.security != "locked" || locked.contains($0) }.map(\.dev))
    let regions = inventory.regions(on: locked).filter { region in
      !region.isEnabled && region.mappings.allSatisfy { open.contains($0.dimm) }
    }
    return Plan(
      title: "unlock \(DimmStatePlanner.count(dimms))",
      entries: locked.map { entry(.unlock, $0) }
        + regions.map { Plan.Entry(.enableRegion($0.dev), "enable \($0.dev) and the namespaces on it") },
      warnings: dimms.filter { !locked.contains($0) }.map { "\($0.dev) is unlocked already" })
  }

  /// Has DIMMs make all their data unreadable, and removes their passphrases. Their regions are disabled for it and
  /// enabled again; DIMMs read their labels again.
  ///
  /// - Parameters:
  ///   - dimms: Which are to be erased.
  ///   - inspector: Asked who uses the namespaces on them.
  ///   - contents: Asked what is on those; nil if no content can be lost.
  ///   - accepted: Harm that a person has named, and wants done.
  /// - Returns: The plan.
  /// - Throws: ``DeviceError/Code/refused`` if a namespace is in use, or the required flag is missing.
  public func erase(
    _ dimms: [DIMM], inspector: any UsageInspector, contents: (any ContentInspector)?,
    accepting accepted: AcceptedDangers
  ) throws(DeviceError) -> Plan {
    let loss = try loss(dimms, "erase", inspector: inspector, contents: contents, accepting: accepted)
    return Plan(
      title: "erase \(DimmStatePlanner.count(dimms))",
      entries: LabelPlanner.around(loss.regions, dimms.flatMap(erasing)), warnings: loss.warnings,
      isDestructive: true, harmsUsers: true)
  }

  /// Has DIMMs begin to overwrite all their data, labels among them. Their regions are disabled for it, and stay so until
  /// it is completed: ``completeOverwrite(_:waited:)``.
  ///
  /// - Parameters: As ``erase(_:inspector:contents:accepting:)``.
  public func overwrite(
    _ dimms: [DIMM], inspector: any UsageInspector, contents: (any ContentInspector)?,
    accepting accepted: AcceptedDangers
  ) throws(DeviceError) -> Plan {
    let loss = try loss(dimms, "overwrite", inspector: inspector, contents: contents, accepting: accepted)
    return Plan(
      title: "overwrite \(DimmStatePlanner.count(dimms))",
      entries: loss.regions.filter(\.isEnabled).flatMap(RegionStatePlanner.disabling)
        + dimms.flatMap { dimm in
          var overwrite = entry(.overwrite, dimm)
          overwrite.loses = "all data of \(dimm.dev)"
          return adopting(dimm) + [overwrite]
        },
      warnings: loss.warnings + ["it takes minutes to hours, and goes on after a reboot"],
      isDestructive: true, harmsUsers: true)
  }

  /// What is left to do once DIMMs have overwritten their data.
  ///
  /// - Parameters:
  ///   - dimms: Which; none is overwriting any more.
  ///   - waited: Those of them whose overwrite was seen to end: their labels are read again, and the regions on them
  ///     enabled.
  /// - Returns: The plan; without steps if there is nothing left to do.
  public func completeOverwrite(_ dimms: [DIMM], waited: Set<String>) -> Plan {
    let keyed = dimms.filter { dimm in
      security[dimm.dev]?.state == .disabled && (keys(dimm).hasCurrent || keys(dimm).hasPending)
    }
    let done = dimms.filter { waited.contains($0.dev) }
    let busy = Set(
      inventory.dimms.filter { ["locked", "overwrite"].contains($0.security) && !waited.contains($0.dev) }
        .map(\.dev))
    let regions = inventory.regions(on: done).filter { region in
      !region.isEnabled && !region.mappings.contains { busy.contains($0.dimm) }
    }
    let idle = done.filter { dimm in !inventory.regions(on: [dimm]).contains(where: \.isEnabled) }
    return Plan(
      title: "complete the overwrite of \(DimmStatePlanner.count(dimms))",
      entries: keyed.map { entry(.discardUnusedKeys, $0) } + idle.flatMap(Self.rereading)
        + regions.map { Plan.Entry(.enableRegion($0.dev), "enable \($0.dev) and the namespaces on it") })
  }

  /// The driver reads labels when it is bound.
  private static func rereading(_ dimm: DIMM) -> [Plan.Entry] {
    (dimm.isEnabled ? [Plan.Entry(.disableDimm(dimm.dev), "disable \(dimm.dev)")] : []) + [
      Plan.Entry(.enableDimm(dimm.dev), "enable \(dimm.dev): its labels are read again")
    ]
  }

  private struct Loss {
    var regions: [Region]
    var warnings: [String]
  }

  /// Checks that all data of DIMMs may be lost.
  ///
  /// - Throws: ``DeviceError/Code/refused`` if a namespace is in use, or the required flag is missing.
  private func loss(
    _ dimms: [DIMM], _ verb: String, inspector: any UsageInspector, contents: (any ContentInspector)?,
    accepting accepted: AcceptedDangers
  ) throws(DeviceError) -> Loss {
    try check(dimms, verb, from: [.disabled, .unlocked], needs: [])
    try check(
      dimms.filter { security[$0.dev]?.state == .unlocked }, verb, from: [.unlocked], needs: [.current])
    let what = DimmStatePlanner.count(dimms)
    let regions = inventory.regions(on: dimms)
    let lost = regions.flatMap(\.configuredNamespaces)
    let clearance = try TeardownGuard(
      inventory, inspector: inspector, contents: contents, accepting: accepted
    )
    .checkLoss(lost, verb: verb, what: what)
    guard accepted.contains(.eraseAllData) else {
      throw DeviceError(
        .refused, "refused to \(verb) \(what): all data on it would be lost",
        details: lost.map { "\($0.title), \($0.mode), \($0.rawSize), would be unreadable" }
          + ["--erase-all-data permits it; nothing was changed"], errno: 16)
    }
    return Loss(
      regions: regions,
      warnings: clearance.warnings
        + regions.filter { !$0.isEnabled }.map {
          "\($0.dev) is disabled: its content cannot be read, and is lost"
        }
        + lost.map { "lost: all data of \($0.title), \($0.mode), \($0.rawSize)" })
  }

  /// The key material is removed with the passphrase, and the driver reads the labels again.
  private func erasing(_ dimm: DIMM) -> [Plan.Entry] {
    var erase = entry(.erase, dimm)
    erase.loses = "all data of \(dimm.dev)"
    let keys = keys(dimm)
    let discard = keys.hasCurrent || keys.hasPending ? [entry(.discardKeys, dimm)] : []
    let reread = dimm.isEnabled ? Self.rereading(dimm) : []
    return adopting(dimm) + [erase] + discard + reread
  }

  /// A pending passphrase may be the DIMM's.
  private func adopting(_ dimm: DIMM) -> [Plan.Entry] {
    let isUnsure = keys(dimm).hasPending && security[dimm.dev]?.state == .unlocked
    return isUnsure ? [entry(.adoptPendingKey, dimm)] : []
  }

  // MARK: Steps

  private func entry(_ operation: SecurityOperation, _ dimm: DIMM) -> Plan.Entry {
    Plan.Entry(.security(dimm: dimm.dev, operation), operation.words(dimm.dev))
  }

  private func newPassphrase(_ dimm: DIMM) -> [Plan.Entry] {
    [.createKey, .setPassphrase, .verifyPassphrase, .commitKey].map { entry($0, dimm) }
  }

  private func backup(_ dimms: [DIMM]) -> String {
    "keep a copy of \(keys(dimms[0]).directory): without these keys the data cannot be read after the next power cycle"
  }

  // MARK: Preconditions

  private enum Need {
    case current
    case anyKey
    case master
  }

  private func keys(_ dimm: DIMM) -> KeyMaterial {
    security[dimm.dev]?.keys
      ?? KeyMaterial(hasCurrent: false, hasPending: false, hasMaster: false, directory: "the key directory")
  }

  private func check(
    _ dimms: [DIMM], _ verb: String, from states: [DimmSecurity.State], needs: [Need]
  ) throws(DeviceError) {
    let title = "\(verb) \(DimmStatePlanner.count(dimms))"
    let foreign = dimms.filter { security[$0.dev]?.state == nil }
    guard foreign.isEmpty else {
      let names = foreign.map(\.dev).joined(separator: ", ")
      let owner = dimms.count == 1 ? "it has" : names + (foreign.count == 1 ? " has" : " have")
      throw DeviceError(
        .unsupported, "cannot \(title): \(owner) no security",
        details: ["nothing was changed"], errno: 95)
    }
    // State that only root may see is not missing: lack of root is reported separately.
    let problems = dimms.flatMap { dimm in
      self.problems(of: dimm, states, security[dimm.dev]?.keys == nil ? [] : needs, isAlone: dimms.count == 1)
    }
    try FailedPrecondition.refuse(title, problems)
  }

  private func problems(
    of dimm: DIMM, _ states: [DimmSecurity.State], _ needs: [Need], isAlone: Bool
  ) -> [FailedPrecondition] {
    // The title names it already.
    let subject = isAlone ? "it" : dimm.dev
    let owner = isAlone ? "its" : "the"
    let of = isAlone ? "" : " of \(dimm.dev)"
    guard let known = security[dimm.dev], let state = known.state else { return [] }
    var problems: [FailedPrecondition] = []
    if !states.contains(state) {
      problems.append(
        FailedPrecondition("\(subject) \(Self.words(state))", Self.way(from: state, dimm)))
    }
    if known.isFrozen {
      problems.append(
        FailedPrecondition(
          "\(owner) security\(of) is frozen until the next power cycle, perhaps by its firmware"))
    }
    let keys = keys(dimm)
    for need in needs {
      switch need {
      case .current where !keys.hasCurrent && !keys.hasPending,
        .anyKey where !keys.hasCurrent && !keys.hasPending:
        problems.append(FailedPrecondition("\(owner) passphrase\(of) is not in \(keys.directory)"))
      case .master where !keys.hasMaster:
        problems.append(
          FailedPrecondition(
            "there is no master key: neither user key nvdimm-master nor nvdimm-master.blob in \(keys.directory)",
            "pmemctl dimm security setup --new-master-key \(dimm.dev)"))
      default: break
      }
    }
    return problems
  }

  private static func words(_ state: DimmSecurity.State) -> String {
    switch state {
    case .disabled: "has no passphrase"
    case .unlocked: "has a passphrase already"
    case .locked: "is locked"
    case .overwrite: "is overwriting its data"
    }
  }

  private static func way(from state: DimmSecurity.State, _ dimm: DIMM) -> Suggestion? {
    switch state {
    case .disabled: "pmemctl dimm security setup \(dimm.dev)"
    case .unlocked: "pmemctl dimm security update \(dimm.dev)"
    case .locked: "pmemctl dimm security unlock \(dimm.dev)"
    case .overwrite: "pmemctl dimm security wait \(dimm.dev)"
    }
  }
}
