import ArgumentParser
import PmemDevice
import PmemMedia

/// The devices to search for info blocks.
struct InfoBlockSelection: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Kernel name, own name or UUID; all (the default) for every one that is disabled or raw.",
      valueName: "namespace"), completion: .names(.namespaces))
  var names: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Read this file instead, which starts as a namespace does; - is standard input.", valueName: "file"),
    completion: .file())
  var file: String?

  /// The first bytes of each.
  func locations(_ context: CommandContext, _ machine: MachineOptions) throws -> [InfoBlockLocation] {
    if let file {
      guard names.isEmpty else { throw DeviceError(.usage, "--file and a namespace cannot both be given") }
      return [try Self.location(file: file)]
    }
    let backend = try context.open(machine, forWriting: false)
    let inventory = try backend.inventory(.listing)
    let isAll = names.isEmpty || names.contains("all")
    var found = try NameResolver(inventory).namespaces(isAll ? ["all"] : names)
    if isAll { found.removeAll { ($0.isEnabled && $0.mode != .raw) || $0.holder != nil || $0.isSeed } }
    let examination = InfoBlockExamination(inventory, backend)
    var locations: [InfoBlockLocation] = []
    for namespace in found {
      guard !namespace.isEnabled || namespace.mode == .raw else {
        throw DeviceError(
          .failed, "cannot read the info block of \(namespace.title): it is enabled, its mode covers it",
          details: ["its settings are what lists show: \(namespace.mode), \(namespace.size) usable"],
          try: ["pmemctl namespace show \(namespace.dev)", "pmemctl namespace disable \(namespace.dev)"],
          errno: 16)
      }
      let look = { (raw: any ByteSource) throws(DeviceError) -> InfoBlockLocation in
        InfoBlockLocation(
          name: namespace.dev, isFile: false,
          identity: try NamespaceIdentity(raw, label: namespace.labelUUID),
          trouble: examination.media(namespace, raw).trouble)
      }
      locations.append(
        namespace.isEnabled
          ? try backend.withContent(of: namespace) { raw throws(DeviceError) in try look(raw) }
          : try backend.withRawMedia(of: namespace.dev, forWriting: false) { raw throws(DeviceError) in
            try look(raw)
          })
    }
    return locations
  }

  private static func location(file: String) throws(DeviceError) -> InfoBlockLocation {
    let bytes = Array(try InputFile.read(file, atMost: Int(PfnLayout.infoBlockReserve)))
    let source = BytesSource(bytes)
    // Whatever parent a block names is the right one: there is no label to compare with.
    let parent = try NamespaceIdentity.parent(source)
    let identity = try NamespaceIdentity(source, label: parent)
    return InfoBlockLocation(name: file, isFile: true, identity: identity, trouble: identity.trouble)
  }
}

/// The info blocks of one of them.
struct InfoBlockLocation {
  let name: String
  let isFile: Bool
  let identity: NamespaceIdentity
  /// Why the kernel would not take it; nil if it would, or if there is none.
  let trouble: String?
}
