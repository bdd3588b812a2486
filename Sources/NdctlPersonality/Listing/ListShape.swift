/// The listed parts of one bus.
struct ListedBus: Hashable, Sendable {
  /// nil if buses are not listed.
  var bus: LibraryObject?
  var dimms: [LibraryObject] = []
  var regions: [ListedRegion] = []
  /// Those in no listed region.
  var namespaces: [LibraryObject] = []
}

/// A region with the namespaces listed on it.
struct ListedRegion: Hashable, Sendable {
  var region: LibraryObject
  var namespaces: [LibraryObject] = []
}

/// The shape of what `ndctl list` prints: one function of what is listed.
///
/// With buses it is an array of them, and all else is inside. Without, it is an array if one kind of device is listed, an
/// object of arrays if several are. Namespaces are inside their regions if those are listed; a region of which namespaces are
/// listed counts as two kinds, but only if it is the last one: ndctl looks at the array of the region that it visited last.
enum ListShape {
  /// - Parameters:
  ///   - buses: In the library's order.
  ///   - collapses: Whether one element is printed without the brackets of an array (`--human`).
  /// - Returns: nil if nothing is to be printed.
  static func arrange(_ buses: [ListedBus], collapses: Bool) -> LibraryJSON? {
    let listed = buses.filter { $0.bus != nil }
    guard listed.isEmpty else { return array(listed.map(nested), collapses) }
    let dimms = buses.flatMap(\.dimms)
    let regions = buses.flatMap(\.regions)
    let namespaces = regions.isEmpty ? buses.flatMap(\.namespaces) : regions.last?.namespaces ?? []
    let kinds = [dimms.isEmpty, regions.isEmpty, namespaces.isEmpty].filter { !$0 }.count
    guard kinds > 1 else {
      let only = dimms.isEmpty ? regions.isEmpty ? namespaces : regions.map(nested) : dimms
      return only.isEmpty ? nil : array(only, collapses)
    }
    var platform = LibraryObject()
    if !dimms.isEmpty { platform.add("dimms", .array(dimms.map(LibraryJSON.object))) }
    if !regions.isEmpty {
      platform.add("regions", .array(regions.map { .object(nested($0)) }))
    } else {
      platform.add("namespaces", .array(namespaces.map(LibraryJSON.object)))
    }
    return .object(platform)
  }

  /// An array, or its only element.
  static func array(_ elements: [LibraryObject], _ collapses: Bool) -> LibraryJSON {
    if collapses, elements.count == 1 { return .object(elements[0]) }
    return .array(elements.map(LibraryJSON.object))
  }

  private static func nested(_ listed: ListedBus) -> LibraryObject {
    var bus = listed.bus ?? LibraryObject()
    add("dimms", listed.dimms, to: &bus)
    add("regions", listed.regions.map(nested), to: &bus)
    add("namespaces", listed.namespaces, to: &bus)
    return bus
  }

  private static func nested(_ listed: ListedRegion) -> LibraryObject {
    var region = listed.region
    add("namespaces", listed.namespaces, to: &region)
    return region
  }

  private static func add(_ key: String, _ elements: [LibraryObject], to object: inout LibraryObject) {
    guard !elements.isEmpty else { return }
    object.add(key, .array(elements.map(LibraryJSON.object)))
  }
}
