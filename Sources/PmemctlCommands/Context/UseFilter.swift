import Glibc
import PmemDevice

/// Which mappings and users a person asked for: namespaces and regions by name, files by path.
struct UseFilter {
  private var namespaces: Set<String> = []
  /// For DAX devices of volatile CXL regions.
  private var standIns: [Namespace] = []
  private var paths: [String] = []
  private let isOpen: Bool

  /// - Parameters:
  ///   - names: As a person gave them; none means all.
  ///   - inventory: Of the machine.
  ///   - isSimulated: Whether files are the machine's own, not this host's.
  /// - Throws: ``DeviceError/Code/notFound`` for a name that is neither a device of this machine nor a file.
  init(_ names: [String], _ inventory: Inventory, isSimulated: Bool) throws(DeviceError) {
    isOpen = names.isEmpty || names.contains("all")
    let resolver = NameResolver(inventory)
    for name in names where name != "all" {
      if name.hasPrefix("region"), let regions = try? resolver.regions([name]) {
        namespaces.formUnion(regions.flatMap(\.namespaces).map(\.dev))
      } else if name.hasPrefix("region"), let region = inventory.cxl.region(name) {
        standIns += inventory.standIns(on: region)
      } else if let memdev = inventory.cxl.memdevs.first(where: { $0.dev == name || $0.host == name }) {
        let regions = inventory.dimm(of: memdev).map { inventory.regions(on: [$0]) } ?? []
        namespaces.formUnion(regions.flatMap(\.namespaces).map(\.dev))
        let decoded = Set((memdev.endpoint?.decoders ?? []).compactMap(\.region))
        standIns += decoded.sorted().compactMap { inventory.cxl.region($0) }.flatMap(inventory.standIns)
      } else if name.hasPrefix("nmem"), let dimms = try? resolver.dimms([name]) {
        let regions = inventory.regions.filter { region in
          region.mappings.contains { mapping in dimms.contains { $0.dev == mapping.dimm } }
        }
        namespaces.formUnion(regions.flatMap(\.namespaces).map(\.dev))
      } else if isSimulated, name.hasPrefix("/"), !name.hasPrefix("/dev/") {
        paths.append(name)
      } else if name.hasPrefix("/"), !name.hasPrefix("/dev/"), let path = realpath(name, nil) {
        paths.append(String(cString: path))
        free(path)
      } else {
        namespaces.formUnion(try resolver.namespaces([name]).map(\.dev))
      }
    }
  }

  /// The namespaces asked for, of those that there are.
  func namespaces(of inventory: Inventory) -> [Namespace] {
    inventory.namespaces.filter { isOpen ? !$0.isSeed : namespaces.contains($0.dev) } + standIns
  }

  func accepts(namespaces used: [String], path: RawText) -> Bool {
    isOpen || used.contains { namespaces.contains($0) } || paths.contains(path.text)
  }
}

extension CommandContext {
  /// Names what could not be seen, so that an empty answer is not taken for "not in use".
  func note(_ missing: [Unseen]) {
    for unseen in missing { note(unseen.text) }
  }
}
