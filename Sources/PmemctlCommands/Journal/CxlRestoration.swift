import PmemDevice

/// The steps that restore the CXL regions that a change created or removed. What is on them follows: libnvdimm finds the labels
/// on the devices.
struct CxlRestoration {
  let target: MachineState
  let scope: ChangeScope
  let inventory: Inventory

  /// - Returns: Empty if all are as they were.
  /// - Throws: ``DeviceError/Code/notFound`` if a device of a removed one is not on this machine, and what
  ///   ``CxlRegionPlanner`` throws.
  func entries() throws(DeviceError) -> [Plan.Entry] {
    guard !scope.cxl.isEmpty else { return [] }
    let before = target.regions.compactMap(\.cxl)
    let created = inventory.cxl.regions.filter { region in
      guard let uuid = region.uuid else {
        // Not even that was written: it has nothing on it. Or it is of volatile memory.
        guard scope.cxl.contains(region.dev), !before.contains(where: { $0.region == region.dev }) else {
          return false
        }
        return region.isCommitted == false || region.kind == .ram
      }
      return scope.cxl.contains(uuid.description) && !before.contains { $0.uuid == uuid }
    }
    guard created.isEmpty else {
      return created.flatMap { CxlRegionPlanner.teardown(of: $0, in: inventory) }
    }
    let present = inventory.cxl.regions.compactMap { CxlRecipe($0, in: inventory.cxl) }
    for saved in before where scope.cxl.contains(saved.region) {
      guard !present.contains(where: saved.isSame) else { continue }
      guard let recipe = saved.present(in: inventory.cxl) else {
        throw DeviceError(
          .notFound, "\(saved.region) cannot be created again: \(saved.devices) are not all on this machine",
          try: ["pmemctl status"])
      }
      // One after the other: the name of the next is known when this one is there. What the kernel would refuse is refused first,
      // such as a place below another region.
      var request = CxlRegionRequest(
        memdevs: recipe.members.compactMap { inventory.cxl.memdev($0.memdev) }, kind: recipe.kind)
      (request.window, request.size, request.granularity, request.uuid) = (
        recipe.window, recipe.size, recipe.granularity, recipe.uuid
      )
      let planner = CxlRegionPlanner(inventory, inspector: NullUsageInspector())
      return try planner.create(request).entries
    }
    return []
  }
}
