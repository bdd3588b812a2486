/// Which regions of a machine each part of a layout is about, with every name filled in and checked.
struct LayoutAssignment {
  /// A region and what it should have.
  struct Assigned {
    let region: Region
    let others: RegionLayout.Others
    let namespaces: [NamespaceLayout]
    private let present: [Namespace]
    /// The first namespace of each name, and of each UUID.
    private let byName: [String: Namespace]
    private let byUUID: [DeviceUUID: Namespace]

    init(region: Region, others: RegionLayout.Others, namespaces: [NamespaceLayout]) {
      self.region = region
      self.others = others
      self.namespaces = namespaces
      present = region.configuredNamespaces
      byName = Dictionary(
        present.compactMap { namespace in namespace.name.map { ($0, namespace) } },
        uniquingKeysWith: { first, _ in first })
      byUUID = Dictionary(
        present.compactMap { namespace in namespace.labelUUID.map { ($0, namespace) } },
        uniquingKeysWith: { first, _ in first })
    }

    /// The namespace that is meant: by UUID, by name, by its old name; in a region that cannot be divided, the only one.
    func present(_ wanted: NamespaceLayout) -> Namespace? {
      guard region.isLabeled else { return present.first }
      if let found = wanted.uuid.flatMap({ byUUID[$0] }) { return found }
      guard let name = wanted.name else { return nil }
      return byName[name] ?? wanted.renamedFrom.flatMap { byName[$0] }
    }
  }

  /// By number.
  let regions: [Assigned]

  /// - Throws: ``DeviceError/Code/notFound`` if a selector matches nothing here, ``DeviceError/Code/corrupt`` if the
  ///   layout contradicts itself or the machine.
  init(_ layout: Layout, in inventory: Inventory) throws(DeviceError) {
    var assigned: [Assigned] = []
    var owners: [Int: SourcePosition] = [:]
    var names: [String: SourcePosition] = [:]
    let present = Dictionary(
      grouping: inventory.namespaces.filter { !$0.isSeed && $0.name != nil }, by: { $0.name ?? "" })
    for part in layout.regions {
      let matches = inventory.regions.filter { part.select.matches($0, in: inventory) }
      guard !matches.isEmpty else {
        throw DeviceError(
          .notFound, "\(part.position.text): no region of this machine matches the selector",
          details: inventory.regions.map { Self.describe($0, in: inventory) })
      }
      for (index, region) in matches.enumerated() {
        if let other = owners.updateValue(part.position, forKey: region.id) {
          throw Self.wrong(part.position, "\(region.dev) is selected at \(other.text) too")
        }
        guard region.isEnabled else {
          throw DeviceError(
            .failed, "\(part.position.text): \(region.dev) is disabled",
            try: ["pmemctl region enable \(region.dev)"], errno: 6)
        }
        let wanted = part.namespaces.map { $0.named(index: index, region: region) }
        try Self.check(wanted, on: region, among: matches.count, present, &names)
        assigned.append(Assigned(region: region, others: part.others, namespaces: wanted))
      }
    }
    regions = assigned.sorted { $0.region.id < $1.region.id }
  }

  private static func check(
    _ wanted: [NamespaceLayout], on region: Region, among count: Int, _ present: [String: [Namespace]],
    _ names: inout [String: SourcePosition]
  ) throws(DeviceError) {
    guard region.isLabeled else {
      guard wanted.count < 2 else {
        throw wrong(wanted[1].position, "\(region.dev) has no labels: it is one namespace")
      }
      if let only = wanted.first, only.amount != .max {
        throw wrong(
          only.position, "\(region.dev) has no labels: its namespace is all of it, so size must be rest")
      }
      return
    }
    guard wanted.filter({ $0.amount == .max }).count < 2 else {
      throw wrong(
        wanted.last { $0.amount == .max }?.position, "two namespaces of \(region.dev) want all that is left")
    }
    for namespace in wanted {
      guard namespace.name != nil || namespace.uuid != nil else {
        throw wrong(namespace.position, "it needs a name, to be found again by")
      }
      guard let name = namespace.name else { continue }
      do throws(DeviceError) { try NamespaceCreateRequest.validate(name: name) } catch {
        throw wrong(namespace.position, error.summary)
      }
      if let other = names.updateValue(namespace.position, forKey: name) {
        throw wrong(
          namespace.position,
          "two namespaces would be named \"\(name)\""
            + (other == namespace.position ? "" : ", one at \(other.text)"),
          other == namespace.position
            ? ["the selector matches \(count) regions: write {index} into the name"] : []
        )
      }
      if let stray = present[name]?.first(where: { $0.regionID != region.id }) {
        throw wrong(
          namespace.position,
          "\(stray.title) is on region\(stray.regionID), and the layout wants it on \(region.dev)",
          ["a namespace does not move: rename or destroy that one"])
      }
    }
  }

  private static func wrong(
    _ position: SourcePosition?, _ text: String, _ details: [String] = []
  ) -> DeviceError {
    DeviceError(.corrupt, "\(position.map { $0.text + ": " } ?? "")\(text)", details: details)
  }

  private static func describe(_ region: Region, in inventory: Inventory) -> String {
    let dimms = inventory.dimmIDs(of: region).joined(separator: ", ")
    return
      "\(region.dev): \(region.size), node \(region.numaNode), bus \(inventory.bus(of: region)?.provider ?? "?")"
      + (dimms.isEmpty ? "" : ", DIMMs \(dimms)")
  }
}
