import Glibc
import PmemDevice
import PmemctlCommands

/// The commands on the security of DIMMs, through the plans of `pmemctl dimm security`.
enum SecurityCommands {
  private static let master = [OptionSpec("m", "master-passphrase", .flag, nil, "the master passphrase")]
  /// ndctl's table has no end, and runs on into another one.
  private static let key =
    [OptionSpec("k", "key-handle", .text, "key-handle", "key that passphrases are encrypted by")] + master
    + DimmCommands.base + LabelCommands.initializing

  static let all = [
    ToolCommand("setup-passphrase", DimmCommands.names, DimmCommands.base + key) { session in
      try run(session, "passphrase enabled for") { planner, dimm throws(DeviceError) in
        try planner.setUp([dimm], createsMaster: false)
      }
    },
    ToolCommand("update-passphrase", DimmCommands.names, DimmCommands.base + key) { session in
      try run(session, "passphrase updated for") { planner, dimm throws(DeviceError) in
        try planner.update([dimm])
      }
    },
    ToolCommand("remove-passphrase", DimmCommands.names, DimmCommands.base + master) { session in
      try run(session, "passphrase removed for") { planner, dimm throws(DeviceError) in
        try planner.remove([dimm])
      }
    },
    ToolCommand("freeze-security", DimmCommands.names, DimmCommands.base) { session in
      try run(session, "security froze") { planner, dimm throws(DeviceError) in try planner.freeze([dimm]) }
    },
    ToolCommand("sanitize-dimm", DimmCommands.names, DimmCommands.base + sanitizing, run: sanitize),
    ToolCommand("wait-overwrite", DimmCommands.names, DimmCommands.base) { session in
      let walk = try DimmWalk(session, forWriting: false)
      return try walk.run({ _ in "" }) { dimm in
        guard dimm.security != nil else { return refuse(dimm, session) }
        var security = dimm.security
        while security == "overwrite", session.pause(1) {
          security = try session.devices(.listing).inventory.dimms.first { $0.dev == dimm.dev }?.security
        }
        return .done
      }
    },
    ToolCommand(
      "load-keys", "[<options>]",
      [
        OptionSpec("p", "key-path", .text, "key-path", "directory of the keys"),
        OptionSpec("t", "tpm-handle", .text, "tpm-handle", "handle of the key in the TPM"),
      ], run: loadKeys),
  ]

  private static let sanitizing =
    [
      OptionSpec("c", "crypto-erase", .flag, nil, "replace the key of the media, the default"),
      OptionSpec("o", "overwrite", .flag, nil, "overwrite the media"),
      OptionSpec("z", "zero-key", .flag, nil, "with a passphrase of zeros"),
    ] + master

  private static func refuse(_ dimm: DIMM, _ session: ToolSession) -> ReturnCode {
    session.complain("\(dimm.dev): security operation not supported")
    return .notSupported
  }

  private static func run(
    _ session: ToolSession, _ done: String,
    plan: (SecurityPlanner, DIMM) throws(DeviceError) -> Plan
  ) throws -> ReturnCode {
    let walk = try DimmWalk(session, forWriting: true)
    return walk.run(DimmWalk.counted(done, end: ".")) { dimm in
      guard dimm.security != nil else { return refuse(dimm, session) }
      guard !session.options.flag("master-passphrase") else {
        session.complain("\(dimm.dev): pmemctl has no master passphrases")
        return .notSupported
      }
      return session.perform(on: walk.tree) { machine throws(DeviceError) in
        let security = try machine.backend.security(of: [dimm])
        let planner = SecurityPlanner(
          walk.tree.inventory, security: Dictionary(security.map { (dimm.dev, $0) }) { first, _ in first })
        return try plan(planner, dimm)
      }
    }
  }

  private static func sanitize(_ session: ToolSession) throws -> ReturnCode {
    let options = session.options
    let walk = try DimmWalk(session, forWriting: true)
    let isOverwrite = options.flag("overwrite")
    return walk.run(DimmWalk.counted(isOverwrite ? "overwrite issued for" : "sanitized", end: ".")) { dimm in
      guard dimm.security != nil else { return refuse(dimm, session) }
      if isOverwrite, options.flag("master-passphrase") {
        session.complain("\(dimm.dev): overwrite does not support master passphrase")
        return .invalid
      }
      guard !options.flag("master-passphrase"), !options.flag("zero-key") || dimm.security == "disabled"
      else {
        session.complain("\(dimm.dev): pmemctl erases with the DIMM's own passphrase alone")
        return .notSupported
      }
      return session.perform(on: walk.tree) { machine throws(DeviceError) in
        let security = try machine.backend.security(of: [dimm])
        let planner = SecurityPlanner(
          walk.tree.inventory, security: Dictionary(security.map { (dimm.dev, $0) }) { first, _ in first })
        let inspector = session.inspector(machine)
        return isOverwrite
          ? try planner.overwrite([dimm], inspector: inspector, contents: nil, accepting: [.eraseAllData])
          : try planner.erase([dimm], inspector: inspector, contents: nil, accepting: [.eraseAllData])
      }
    }
  }

  /// modprobe calls it before libnvdimm is loaded, on every machine: without keys it is silent and succeeds.
  private static func loadKeys(_ session: ToolSession) throws -> ReturnCode {
    try session.refuseNames()
    let path = session.options.text("key-path")
    if let path, access(path, F_OK) != 0 {
      session.note("Change current work dir to \(path) failed: \(ReturnCode.noEntry.text)")
      return .noEntry
    }
    let loaded: LoadedKeys
    do throws(DeviceError) {
      let backend = try session.machine(forWriting: false).backend
      loaded = try backend.loadKeys(of: try session.devices(.listing).inventory.dimms, from: path)
    } catch {
      let code = session.report(error)
      session.note("Unable to load keys: \(code.text)")
      return code
    }
    guard loaded.master != nil || !loaded.keys.isEmpty else { return .done }
    var text = ""
    if loaded.master == .loaded { text += "nvdimm master key loaded.\n" }
    text += "\(loaded.keys.count { $0.outcome == .loaded }) nvdimm keys loaded\n"
    try session.answer(bytes: Array(text.utf8))
    let failures = loaded.keys.filter { if case .failed = $0.outcome { true } else { false } }
    for key in failures {
      if case .failed(let reason) = key.outcome { session.note("\(key.id): \(reason)") }
    }
    if case .failed(let reason) = loaded.master { session.note("nvdimm-master: \(reason)") }
    return failures.isEmpty ? .done : .failed
  }
}
