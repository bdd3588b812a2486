import ArgumentParser
import PmemDevice
import PmemMedia
import PmemOutput

struct InfoBlockRepair: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "repair", abstract: "Repair the damaged info block of a fsdax or devdax namespace.",
    discussion: """
      The block itself must prove what it was: its checksum identifies one damaged word. It is written only if the \
      kernel would accept it. Data are not touched. For sector mode, use pmemctl namespace check --repair.
      """)

  @Argument(
    help: ArgumentHelp("Kernel name, device, own name or UUID.", valueName: "namespace"),
    completion: .names(.namespaces))
  var namespace: String

  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let frame = Change(context, change, output, machine, accepting: dangers.accepted)
    try frame.run { backend, inventory in
      let found = try NameResolver(inventory).namespaces([namespace])
      guard found.count == 1, let target = found.first, !target.isSeed else {
        throw DeviceError(.usage, "repair takes one namespace, and \"\(namespace)\" matches \(found.count)")
      }
      let block = try repaired(target, inventory, backend)
      let planner = frame.namespacePlanner(inventory, backend, contents: nil)
      let off = try planner.disable([target])
      return Change.Planned(
        plan: plan(target, block, off), subject: target.dev)
    } report: { planned, backend in
      guard let now = try backend.inventory(.planning).namespaces.first(where: { $0.dev == planned.subject })
      else { return }
      guard !output.json else { return try context.out.write(JSON.object(now.json).text) }
      try context.out.write("repaired \(now.title.sanitized): \(now.mode), \(now.size)\n")
    }
  }

  private func plan(_ target: Namespace, _ block: PfnInfoBlock, _ off: Plan) -> Plan {
    let kind = block.kind == .pfn ? "fsdax" : "devdax"
    return Plan(
      title: "repair the info block of \(target.title)",
      facts: [
        Plan.Fact("mode", kind, "as its checksum proves"),
        Plan.Fact("data", "\(ByteCount(block.dataOffset))", "from the namespace's start"),
      ],
      entries: off.entries + [
        Plan.Entry(
          .write(namespace: target.dev, bytes: block.encoded, offset: PfnInfoBlock.offset),
          "write the \(kind) info block of \(target.title)"),
        Plan.Entry(.enable(namespace: target.dev), "enable \(target.title)"),
      ],
      warnings: off.warnings, saves: [.head(namespace: target.dev)], isDestructive: true,
      harmsUsers: off.harmsUsers)
  }

  /// The block as it was.
  private func repaired(
    _ target: Namespace, _ inventory: Inventory, _ backend: any CommandContext.Backend
  ) throws -> PfnInfoBlock {
    guard !target.isEnabled || target.mode == .raw else {
      throw DeviceError(
        .failed,
        "cannot repair the info block of \(target.title): it is good, the namespace is \(target.mode)")
    }
    let classes = ClaimClasses(inventory, backend)
    let read = { (raw: any ByteSource) throws(DeviceError) -> PfnInfoBlock in
      let bytes = try raw.read(at: PfnInfoBlock.offset, count: PfnInfoBlock.size)
      return try block(bytes, target, size: raw.size, classes, inventory.host)
    }
    return target.isEnabled
      ? try backend.withContent(of: target) { source throws(DeviceError) in try read(source) }
      : try backend.withRawMedia(of: target.dev, forWriting: false) { raw throws(DeviceError) in try read(raw)
      }
  }

  private func block(
    _ bytes: [UInt8], _ target: Namespace, size: UInt64, _ classes: ClaimClasses, _ host: HostFacts
  ) throws(DeviceError) -> PfnInfoBlock {
    let what = "cannot repair the info block of \(target.title)"
    guard let block = PfnInfoBlock.repaired(bytes) else {
      if (try? PfnInfoBlock(bytes)) != nil {
        throw DeviceError(
          .failed, "\(what): it is whole", try: ["pmemctl infoblock verify \(target.dev)"])
      }
      throw DeviceError(
        .corrupt, "\(what): there is no evidence of its old content",
        details: [
          "its checksum can prove one damaged word; more are damaged, or there is no block",
          "an undo record keeps the info blocks that pmemctl has overwritten",
        ], try: ["pmemctl undo list"])
    }
    guard block.parentUUID == target.labelUUID ?? .null else {
      throw DeviceError(
        .corrupt, "\(what): it was of another namespace, \(block.parentUUID)",
        details: ["nothing was changed"])
    }
    let wanted: ClaimClass = block.kind == .pfn ? .pfn : .dax
    guard [ClaimClass.none, wanted].contains(classes[target.labelUUID]) else {
      throw DeviceError(.corrupt, "\(what): the label is for another mode, the kernel would skip it")
    }
    let start = target.resource ?? 0
    let fault =
      block.fault(start: start, size: size, host: host)
      ?? block.attachFault(start: start, size: size, host: host)?.text
    if let fault { throw DeviceError(.corrupt, "\(what): the kernel would refuse its old content: \(fault)") }
    return block
  }
}
