import ArgumentParser
import PmemDevice
import PmemMedia
import PmemOutput

struct NamespaceCheck: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Check the metadata of a namespace; --repair repairs a BTT.",
    discussion: """
      Nothing is written without --repair. In sector mode every sector must map to a block of its own: a damaged entry is \
      given a free block, and reads of that sector fail until it is written. In fsdax and devdax mode the info block is \
      checked. If all info blocks of a BTT are lost, and its label says that it is one, they are rebuilt from its log and \
      its map, which prove the sector size.
      """)

  @Argument(
    help: ArgumentHelp("Kernel name, device, own name or UUID.", valueName: "namespace"),
    completion: .names(.namespaces))
  var namespace: String

  @Flag(name: [.customShort("R"), .long], help: "Repair what can be repaired.")
  var repair = false

  @Flag(
    name: [.customShort("L"), .long],
    help: "With --repair: also rewrite the log of a BTT, in the format that other systems read.")
  var rewriteLog = false

  @Flag(
    name: .shortAndLong,
    help: "Also if it is enabled, or claimed by a device that does not bind: it is disabled during the check."
  )
  var force = false

  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    guard repair || !rewriteLog else {
      throw DeviceError(.usage, "--rewrite-log goes with --repair: it writes")
    }
    let backend = try context.open(machine, forWriting: repair || force)
    let inventory = try backend.inventory(.planning)
    let found = try NameResolver(inventory).namespaces([namespace])
    guard found.count == 1, let target = found.first, !target.isSeed else {
      throw DeviceError(.usage, "check takes one namespace, and \"\(namespace)\" matches \(found.count)")
    }
    guard target.isEnabled || target.holder != nil else {
      return try check(target, inventory, backend, context)
    }
    guard force else {
      guard target.isEnabled else {
        throw DeviceError(
          .refused,
          "cannot check \(target.title): \(target.holder ?? "a device") claims it, and its driver does not bind",
          details: ["--force detaches it during the check"],
          try: ["pmemctl namespace check --force \(target.dev)"], errno: 16)
      }
      throw DeviceError(
        .refused, "cannot check \(target.title): it is enabled, and its metadata change during use",
        details: ["--force disables it during the check, unless it is in use"],
        try: ["pmemctl namespace disable \(target.dev)"], errno: 16)
    }
    try checkWhileDisabled(target, inventory, backend, context)
  }

  /// Disables it for the time of the check, and enables it again whatever the check finds.
  private func checkWhileDisabled(
    _ target: Namespace, _ inventory: Inventory, _ backend: any CommandContext.Backend,
    _ context: CommandContext
  ) throws {
    let frame = Change(context, change, output, machine, accepting: dangers.accepted)
    let planner = frame.namespacePlanner(inventory, backend, contents: nil)
    try planner.refuseLostEnable([target], verb: "check")
    let off =
      target.isEnabled
      ? try planner.disable([target])
      : Plan(title: "check \(target.title)", entries: NamespaceStatePlanner.detaching(target))
    guard try frame.carryOut(off, from: inventory, on: backend) else { return }
    let now = try backend.inventory(.planning)
    let found = Result {
      guard let disabled = now.namespaces.first(where: { $0.dev == target.dev }) else {
        throw DeviceError(.failed, "\(target.dev) no longer exists")
      }
      try check(disabled, now, backend, context)
    }
    // A namespace that the kernel refused before is enabled only if it has no problem now.
    if !target.isEnabled { try found.get() }
    let after = try backend.inventory(.planning)
    let on = try frame.namespacePlanner(after, backend, contents: nil).enable(
      after.namespaces.filter { $0.dev == target.dev })
    _ = try frame.carryOut(on, from: after, on: backend, isRestoring: true)
    try found.get()
  }

  private func check(
    _ target: Namespace, _ inventory: Inventory, _ backend: any CommandContext.Backend,
    _ context: CommandContext
  ) throws {
    let progress = context.line(change.progress, "checking \(target.dev)", unit: "sectors")
    defer { progress.end() }
    let claimClass = ClaimClasses(inventory, backend)[target.labelUUID]
    let result = try backend.withRawMedia(of: target.dev, forWriting: false) {
      raw throws(DeviceError) -> BttCheck? in
      let identity = try NamespaceIdentity(raw, label: target.uuid)
      if case .pfn(let block) = identity.block {
        if let fault = block.fault(start: target.resource ?? 0, size: raw.size, host: inventory.host) {
          throw DeviceError(.corrupt, "the kernel would refuse the info block of \(target.title): \(fault)")
        }
        return nil
      }
      return try BttCheck(raw, label: target.uuid, claimClass: claimClass, rewritesLog: rewriteLog) {
        done, total throws(DeviceError) in
        progress.update(done, of: total)
        // Held, while the namespace is disabled for this.
        guard !context.signals.isInterrupted else {
          throw DeviceError(.interrupted, "cannot check \(target.title): interrupted")
        }
      }
    }
    progress.end()
    guard let result else {
      guard !output.json else { return try report(json: target, nil, context) }
      return try context.out.write("\(target.title.sanitized): good\n")
    }
    guard repair, !result.repairs.isEmpty else {
      return try report(target, result, context)
    }
    try repair(target, result, inventory, backend, context)
  }

  // MARK: Repair

  private func repair(
    _ target: Namespace, _ result: BttCheck, _ inventory: Inventory, _ backend: any CommandContext.Backend,
    _ context: CommandContext
  ) throws {
    let plan = Plan(
      title: "repair \(target.title)",
      entries: result.repairs.map { repair in
        Plan.Entry(
          .write(namespace: target.dev, bytes: repair.bytes, offset: repair.offset), repair.text)
      },
      warnings: result.findings.map(\.text),
      saves: result.repairs.map { repair in
        .bytes(
          namespace: target.dev, Extent(offset: repair.offset, length: UInt64(repair.bytes.count)))
      }, isDestructive: true)
    let frame = Change(context, change, output, machine)
    guard try frame.carryOut(plan, from: inventory, on: backend) else { return }
    let after = try backend.withRawMedia(of: target.dev, forWriting: false) { raw throws(DeviceError) in
      try BttCheck(raw, label: target.uuid)
    }
    guard !output.json else { return try report(json: target, after, context) }
    try context.out.write("repaired \(target.title.sanitized): \(counted(result.repairs.count, "write"))\n")
    try report(target, after, context)
  }

  // MARK: Words

  private func report(_ target: Namespace, _ result: BttCheck, _ context: CommandContext) throws {
    if output.json {
      try report(json: target, result, context)
    } else if result.findings.isEmpty {
      try context.out.write("\(target.title.sanitized): good\n")
    } else {
      var text = "\(target.title.sanitized): \(result.findings.count + result.omittedCount) findings\n"
      for finding in result.findings {
        text += "  \(finding.isSerious ? "" : "note: ")\(finding.text)\n"
        if let repair = finding.repair, !self.repair { text += "    --repair would \(repair)\n" }
      }
      if result.omittedCount > 0 { text += "  and \(result.omittedCount) more like these\n" }
      try context.out.write(text)
    }
    guard !result.findings.contains(where: \.isSerious) else {
      throw DeviceError(
        .corrupt, "\(target.title) is damaged",
        details: repair ? [] : ["nothing was written"],
        try: repair ? [] : ["pmemctl namespace check --repair \(target.dev)"])
    }
  }

  private func report(json target: Namespace, _ result: BttCheck?, _ context: CommandContext) throws {
    var object = JSONObject()
    object.add("dev", target.dev)
    object.add("good", !(result?.findings.contains(where: \.isSerious) ?? false))
    object.add(
      "findings",
      (result?.findings ?? []).map { finding in
        var entry = JSONObject()
        entry.add("serious", finding.isSerious)
        entry.add("text", finding.text)
        entry.add("repair", finding.repair)
        return .object(entry)
      })
    object.add("untold", result?.omittedCount ?? 0)
    try context.out.write(JSON.object(object).text)
  }
}
