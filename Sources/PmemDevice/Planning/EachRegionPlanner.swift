/// Plans a namespace on each of several regions.
public struct EachRegionPlanner {
  private let request: NamespaceCreateRequest
  private let inventory: Inventory

  public init(_ request: NamespaceCreateRequest, inventory: Inventory) {
    self.request = request
    self.inventory = inventory
  }

  /// A plan for each region that can be divided, in their order; label-less ones are left out unless force is given,
  /// because their content would be lost.
  ///
  /// - Throws: The reason why a region cannot have it: then none gets one. ``DeviceError/Code/notFound`` if there is no
  ///   region.
  public func plans() throws(DeviceError) -> [NamespaceCreatePlan] {
    let regions = request.regions.filter { $0.isLabeled || request.force }
    guard !regions.isEmpty else {
      throw DeviceError(
        .notFound, "cannot create namespaces: no region has labels",
        details: request.regions.isEmpty ? [] : ["--force recreates those of label-less regions, too"])
    }
    var plans: [NamespaceCreatePlan] = []
    for region in regions {
      var request = request
      request.regions = [region]
      request.isRegionGiven = true
      plans.append(try NamespaceCreatePlanner(request, inventory: inventory).plan())
    }
    return plans
  }
}
