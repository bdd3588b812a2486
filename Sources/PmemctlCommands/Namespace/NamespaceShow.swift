import ArgumentParser
import PmemDevice
import PmemOutput

struct NamespaceShow: ContextCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one namespace.")

  @Argument(
    help: ArgumentHelp("Kernel name, device, own name or UUID.", valueName: "namespace"),
    completion: .names(.namespaces))
  var name: String

  @Flag(name: .long, help: "Search mounted filesystems for the files on bad blocks.")
  var files = false

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let backend = try context.open(machine, forWriting: false)
    let inventory = try backend.inventory(.listing)
    let found = try NameResolver(inventory).namespace(name, for: "show")
    // The kernel shows a disabled namespace as raw; only root may look below.
    let isReadable = inventory.host.isPrivileged
    let truth = isReadable ? ProbedNamespace(found, on: backend) : nil
    let namespace = truth?.namespace ?? found
    if let trouble = truth?.trouble { context.note("\(namespace.title): \(trouble)") }
    let region = inventory.region(of: namespace)
    let cxl = region.flatMap(inventory.cxlRegion)
    let damaged = files ? backend.damagedFiles(of: namespace, in: inventory) : nil
    guard !output.json else {
      var object = namespace.json
      object.add("cxl", cxl?.json)
      if let damaged { damaged.add(to: &object) }
      return try context.out.write(JSON.object(object).text)
    }
    var list = properties(of: namespace, in: region)
    for line in cxl.map({ CxlChain(inventory).lines(of: $0, namespace: namespace) }) ?? [] {
      list.add("CXL", line)
    }
    damaged?.add(to: &list)
    try context.out.write(list.text)
    for gap in damaged?.missing ?? [] { context.note(gap) }
  }

  private func properties(of namespace: Namespace, in region: Region?) -> PropertyList {
    var list = PropertyList()
    list.add("namespace", namespace.dev)
    list.add("name", namespace.name)
    list.add("mode", namespace.mode.rawValue)
    list.add("state", namespace.isEnabled ? "enabled" : namespace.isSeed ? "idle" : "disabled")
    list.add("device", namespace.node.map { "/dev/\($0)" })
    list.add("taken", namespace.rawSize.exact)
    list.add("usable", namespace.size.exact)
    list.add(
      "memory map",
      namespace.map == .none ? nil : namespace.map == .mem ? "in DRAM (mem)" : "on the device (dev)")
    list.add("alignment", namespace.align.map { "\(ByteCount($0))" })
    list.add("sector size", namespace.sectorSize.map { "\($0)" })
    list.add("UUID", namespace.uuid?.description)
    list.add("label UUID", namespace.rawUUID?.description)
    list.add("region", region?.dev)
    list.add("address", namespace.resource.map { "0x\(String($0, radix: 16))" })
    list.add("claimed by", namespace.holder)
    list.add("node", namespace.numaNode < 0 ? nil : "\(namespace.numaNode)")
    list.add(
      "bad blocks",
      namespace.badblockCount > 0
        ? "\(namespace.badblockCount) of 512 bytes: pmemctl namespace clear-errors" : nil)
    return list
  }
}
