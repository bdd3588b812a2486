import ArgumentParser
import PmemDevice
import PmemInspect
import PmemOutput

struct DaxEnable: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "enable", abstract: "Prepare a whole namespace for one consumer, and verify the result.",
    discussion: """
      A region without namespaces gets one; an existing namespace is reconfigured in place, with the guards of \
      namespace reconfigure. The device is then opened and mapped as the consumer would do it, and the configuration \
      for the consumer is printed. Checks that could not be run are marked unverified.
      """)

  @Argument(
    help: ArgumentHelp("A region, a namespace or a device.", valueName: "name"), completion: .names(.anything)
  )
  var name: String

  @Option(
    name: .customLong("for"), help: ArgumentHelp("qemu, spdk, rdma or fs.", valueName: "consumer"),
    completion: .list(DaxConsumer.allCases.map(\.rawValue)))
  var consumer: String

  @Option(
    name: [.customShort("M"), .long],
    help:
      "Location of the memory map: dev (on the device) or mem (in DRAM).")
  var map: String?

  @Option(
    name: .shortAndLong,
    help: "Alignment of the mapping: 4KiB, 2MiB or 1GiB; by default the largest up to 2MiB.")
  var align: String?

  @Option(name: .shortAndLong, help: "Raw size to allocate from the region: 16GiB, 50% or max.")
  var size: String?

  @Option(name: [.customShort("N"), .customLong("name")], help: "Name of the namespace.")
  var newName: String?

  @Flag(name: .shortAndLong, help: "Also if it is enabled, unless it is in use.")
  var force = false

  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let request = try request()
    try Change(context, change, output, machine).run { backend, inventory in
      let outcome = try DaxEnablePlanner(
        inventory, inspector: backend, contents: ContentProbe(backend), accepting: dangers.accepted,
        truth: { ProbedNamespace($0, on: backend).namespace }
      ).enable(name, request)
      return Change.Planned(plan: outcome.plan, subject: outcome.namespace)
    } report: { planned, backend in
      try report(planned, request, on: backend, context)
    }
  }

  /// Tries what the consumer will do, and prints what it must be given.
  private func report(
    _ planned: Change.Planned<String>, _ request: DaxEnableRequest, on backend: any CommandContext.Backend,
    _ context: CommandContext
  ) throws {
    let now = try backend.inventory(.listing)
    guard let namespace = now.namespaces.first(where: { $0.dev == planned.subject }) else {
      throw DeviceError(.failed, "\(planned.subject) no longer exists")
    }
    let proofs = try backend.verify(namespace, in: now, longTerm: request.consumer.mode == .devdax)
    let instructions = ConsumerInstructions(request.consumer, namespace)
    try report(namespace, proofs, instructions, isChanged: !planned.plan.entries.isEmpty, context)
    let failed = proofs.first { proof in
      proof.outcome == .failed && (proof.claim != .longTermPin || request.consumer.needsPins)
    }
    if let failed {
      throw DeviceError(
        .failed, "\(namespace.title) is not what \(request.consumer.words) needs: \(failed.text)")
    }
  }

  private func request() throws(DeviceError) -> DaxEnableRequest {
    let parsed: DaxConsumer = try parseChoice(consumer, option: "--for")
    let words = NamespaceShapeOptions(size: size, usable: nil, map: map, align: align, sectorSize: nil)
    return DaxEnableRequest(
      parsed, map: try words.parsedMap(), align: try words.parsedAlign(), amount: try words.parsedAmount()?.0,
      name: newName, force: force)
  }

  private func report(
    _ namespace: Namespace, _ proofs: [DaxProof], _ instructions: ConsumerInstructions, isChanged: Bool,
    _ context: CommandContext
  ) throws {
    guard !output.json else {
      var object = JSONObject()
      object.add("namespace", .object(namespace.json))
      object.add("consumer", instructions.consumer.rawValue)
      object.add("changed", isChanged)
      object.add(
        "proofs",
        proofs.map { proof in
          var entry = JSONObject()
          entry.add("outcome", proof.outcome.rawValue)
          entry.add("text", proof.text)
          return .object(entry)
        })
      object.add("handout", .object(instructions.json))
      return try context.out.write(JSON.object(object).text)
    }
    let align = namespace.align.map { "\(ByteCount($0)) pages, " } ?? ""
    let first = DaxProof(.proven, "\(namespace.title) is \(namespace.mode), \(align)\(namespace.size) usable")
    for proof in [first] + proofs { try context.out.write(proof.line(on: context.terminal)) }
    try context.out.write("\n\(instructions.text)")
  }
}

extension DaxProof {
  func line(on terminal: Terminal) -> String {
    let mark =
      switch outcome {
      case .proven: terminal.isUnicode ? "✓" : "ok:"
      case .failed: terminal.isUnicode ? "✗" : "FAILED:"
      case .unverified: "? unverified:"
      }
    return "\(mark) \(text.sanitized)\n"
  }
}
