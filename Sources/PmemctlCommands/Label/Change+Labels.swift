import PmemDevice
import PmemInspect
import PmemMedia
import PmemOutput

extension Change {
  /// Writes whole label areas.
  ///
  /// - Parameters:
  ///   - verb: `write`, `zero`, `restore`.
  ///   - done: The past participle, for the answer.
  ///   - force: Also if unused namespaces would be lost.
  ///   - areas: Computes the areas to write from the present machine.
  /// - Throws: The error that stopped it.
  func labels(
    verb: String, done: String, force: Bool,
    areas: (any CommandContext.Backend, Inventory) throws(DeviceError) -> [(dimm: DIMM, bytes: [UInt8])]
  ) throws {
    try run { backend, inventory in
      let areas = try areas(backend, inventory)
      let lost = try lost(areas, backend)
      let plan = try LabelPlanner(
        inventory, inspector: backend, contents: ContentProbe(backend), accepting: accepted
      ).write(areas, verb: verb, keeps: kept(inventory, but: lost), force: force)
      return Planned(plan: plan, subject: areas.map(\.dimm.dev))
    } report: { planned, backend in
      let now = try backend.inventory(.planning).dimms.filter { planned.subject.contains($0.dev) }
      guard !output.json else { return try write(now.map { .object($0.json) }) }
      for dimm in now {
        try context.out.write("\(done) the labels of \(dimm.dev): \(try LabelReadback(dimm, backend).text)\n")
      }
    }
  }

  /// The namespaces that the labels no longer describe, or describe differently.
  ///
  /// - Throws: ``DeviceError/Code/corrupt`` if the bytes do not have the size of the area.
  private func lost(
    _ areas: [(dimm: DIMM, bytes: [UInt8])], _ backend: any DeviceBackend
  ) throws(DeviceError) -> Set<DeviceUUID> {
    var lost: Set<DeviceUUID> = []
    for (dimm, bytes) in areas where dimm.labels != nil {
      let present = try backend.readLabels(dimm: dimm.dev)
      guard bytes.count == present.count else {
        throw DeviceError(
          .corrupt,
          "the label area of \(dimm.dev) has \(present.count) bytes, and \(bytes.count) are given",
          details: ["they are of another DIMM, or truncated; nothing was changed"])
      }
      let after = LabelStore(bytes).normalizedLabels(withMode: true)
      lost.formUnion(LabelStore(present).normalizedLabels(withMode: true).subtracting(after).map(\.uuid))
    }
    return lost
  }

  private func kept(_ inventory: Inventory, but lost: Set<DeviceUUID>) -> [Namespace] {
    // A label-less region gets labels, which describe other namespaces than its own.
    inventory.regions.filter(\.isLabeled).flatMap(\.configuredNamespaces).filter { namespace in
      namespace.labelUUID.map { !lost.contains($0) } ?? false
    }
  }
}
