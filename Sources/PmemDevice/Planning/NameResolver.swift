/// Finds what a person means by a name.
///
/// A device can be named by its kernel name (`namespace0.1`, `region0`, `dax0.0`, `pmem0`), a path (`/dev/pmem0`), its
/// own name, or a UUID. A name that matches several devices is an error that lists them.
public struct NameResolver {
  let inventory: Inventory

  public init(_ inventory: Inventory) { self.inventory = inventory }

  /// The namespaces behind `names`, each once, in the order given; `all` means every configured one.
  ///
  /// - Parameters:
  ///   - names: The arguments.
  ///   - regions: Only these regions' namespaces are looked at.
  /// - Returns: The devices that they name.
  /// - Throws: ``DeviceError/Code/notFound`` or ``DeviceError/Code/ambiguous`` for the first bad name.
  public func namespaces(
    _ names: [String], in regions: [Region]? = nil
  ) throws(DeviceError) -> [Namespace] {
    let pool = (regions ?? inventory.regions).flatMap(\.namespaces)
    var found: [Namespace] = []
    var seen: Set<String> = []
    for name in names {
      let matches = name == "all" ? pool.filter { !$0.isSeed } : [try namespace(name, in: pool)]
      for match in matches where seen.insert(match.dev).inserted { found.append(match) }
    }
    return found
  }

  /// The one namespace behind a name.
  ///
  /// - Parameters:
  ///   - name: The argument.
  ///   - verb: The verb, for the error if the name matches several devices, or none.
  /// - Returns: The namespace.
  /// - Throws: As ``namespaces(_:in:)``, and ``DeviceError/Code/usage``.
  public func namespace(_ name: String, for verb: String) throws(DeviceError) -> Namespace {
    let found = try namespaces([name])
    guard found.count == 1, let namespace = found.first else {
      throw DeviceError(.usage, "\(verb) takes one namespace, and \"\(name)\" matches \(found.count)")
    }
    return namespace
  }

  private func namespace(_ name: String, in pool: [Namespace]) throws(DeviceError) -> Namespace {
    let matches = pool.filter { Self.answers($0, to: name) }
    guard let match = matches.first else {
      throw Self.notFound("namespace", name, known: pool.filter { !$0.isSeed }.map(\.title))
    }
    guard matches.count == 1 else {
      throw Self.ambiguous(
        "namespace", name, candidates: matches.map { "\($0.title)  \($0.mode)  \($0.size)" })
    }
    return match
  }

  private static func answers(_ namespace: Namespace, to name: String) -> Bool {
    let bare = name.hasPrefix("/dev/") ? String(name.dropFirst(5)) : name
    if bare == namespace.dev || bare == "\(namespace.regionID).\(namespace.id)" { return true }
    if bare == namespace.blockDevice { return true }
    if namespace.daxRegion?.devices.contains(where: { $0.chardev == bare }) == true { return true }
    if !namespace.isSeed, let own = namespace.name, !own.isEmpty, own == name { return true }
    guard let uuid = DeviceUUID(name), !uuid.isNull else { return false }
    return namespace.uuid == uuid || namespace.rawUUID == uuid
  }

  /// The DAX devices behind `names` (`dax0.0`, `/dev/dax0.0`, or the namespace that one belongs to); `all` for every
  /// one.
  public func devices(_ names: [String]) throws(DeviceError) -> [DaxDeviceLocation] {
    let pool = inventory.daxDevices
    var found: [DaxDeviceLocation] = []
    for name in names {
      let bare = name.hasPrefix("/dev/") ? String(name.dropFirst(5)) : name
      var matches = name == "all" ? pool : pool.filter { $0.device.chardev == bare }
      if matches.isEmpty, name != "all" {
        let owners = inventory.namespaces.filter { Self.answers($0, to: name) }.map(\.dev)
        matches = pool.filter { device in device.namespace.map { owners.contains($0.dev) } ?? false }
      }
      guard !matches.isEmpty || name == "all" else {
        throw Self.notFound("DAX device", name, known: pool.map(\.device.chardev))
      }
      for match in matches where !found.contains(match) { found.append(match) }
    }
    return found
  }

  /// The regions behind `names` (`region0` or `0`), `all` for every one; all of them if `names` is empty.
  public func regions(_ names: [String], onBus busName: String? = nil) throws(DeviceError) -> [Region] {
    let pool = try buses(busName.map { [$0] } ?? []).flatMap(\.regions)
    guard !names.isEmpty, !names.contains("all") else { return pool }
    var found: [Region] = []
    for name in names {
      guard let match = pool.first(where: { $0.dev == name || String($0.id) == name }) else {
        throw Self.notFound("region", name, known: pool.map(\.dev))
      }
      if !found.contains(match) { found.append(match) }
    }
    return found
  }

  /// The buses behind `names` (`ndbus0`, `0`, a provider); all of them if `names` is empty.
  public func buses(_ names: [String]) throws(DeviceError) -> [Bus] {
    guard !names.isEmpty, !names.contains("all") else { return inventory.buses }
    var found: [Bus] = []
    for name in names {
      let matches = inventory.buses.filter {
        [$0.dev, String($0.dev.dropFirst(5)), $0.provider].contains(name)
      }
      guard let match = matches.first else {
        throw Self.notFound("bus", name, known: inventory.buses.map { "\($0.dev) (\($0.provider))" })
      }
      guard matches.count == 1 else { throw Self.ambiguous("bus", name, candidates: matches.map(\.dev)) }
      if !found.contains(match) { found.append(match) }
    }
    return found
  }

  /// The DIMMs behind `names` (`nmem0`, `0`, an id); all of them if `names` is empty.
  public func dimms(_ names: [String], onBus busName: String? = nil) throws(DeviceError) -> [DIMM] {
    let pool = try buses(busName.map { [$0] } ?? []).flatMap(\.dimms)
    guard !names.isEmpty, !names.contains("all") else { return pool }
    var found: [DIMM] = []
    for name in names {
      let cxl = inventory.cxl.memdevs.first { $0.dev == name || $0.host == name }
      let matches = pool.filter {
        [$0.dev, String($0.dev.dropFirst(4)), $0.id].contains(name) || cxl?.dimm == $0.dev
      }
      guard let match = matches.first else { throw Self.notFound("DIMM", name, known: pool.map(\.dev)) }
      guard matches.count == 1 else { throw Self.ambiguous("DIMM", name, candidates: matches.map(\.dev)) }
      if !found.contains(match) { found.append(match) }
    }
    return found
  }

  /// The DIMMs behind names of DIMMs, and those that carry what is named: a region, a namespace. A bare number is a DIMM's.
  ///
  /// - Parameter names: The arguments; all devices if empty.
  /// - Returns: In the order given, each once.
  /// - Throws: As ``dimms(_:onBus:)``, for the first name that nothing answers to.
  public func dimms(carrying names: [String]) throws(DeviceError) -> [DIMM] {
    guard !names.isEmpty else { return inventory.dimms }
    var found: [DIMM] = []
    for name in names {
      for dimm in try dimms(carrying: name) where !found.contains(dimm) { found.append(dimm) }
    }
    return found
  }

  private func dimms(carrying name: String) throws(DeviceError) -> [DIMM] {
    do throws(DeviceError) { return try dimms([name]) } catch {
      guard error.code == .notFound else { throw error }
    }
    let regions: [Region]
    if let region = inventory.regions.first(where: { $0.dev == name }) {
      regions = [region]
    } else {
      do throws(DeviceError) {
        let namespaces = try namespaces([name])
        regions = inventory.regions.filter { region in namespaces.contains { $0.regionID == region.id } }
      } catch {
        guard error.code == .notFound else { throw error }
        throw Self.notFound("DIMM, region or namespace", name, known: inventory.dimms.map(\.dev))
      }
    }
    return inventory.dimms.filter { dimm in
      regions.contains { $0.mappings.contains { $0.dimm == dimm.dev } }
    }
  }

  static func notFound(_ kind: String, _ name: String, known: [String]) -> DeviceError {
    let shown = known.prefix(8).joined(separator: ", ") + (known.count > 8 ? ", ..." : "")
    let words = known.flatMap { $0.split { " \"()".contains($0) }.map(String.init) }
    // A number that does not exist is no slip of the finger.
    let near = NearestWord.of(name, among: words).flatMap { word in
      word.filter { !$0.isNumber } == name.filter { !$0.isNumber } ? nil : word
    }
    return DeviceError(
      .notFound, "no \(kind) is named \"\(name)\"" + (near.map { "; did you mean \"\($0)\"?" } ?? ""),
      details: [known.isEmpty ? "this machine has none" : "valid values: \(shown)"])
  }

  static func ambiguous(_ kind: String, _ name: String, candidates: [String]) -> DeviceError {
    DeviceError(
      .ambiguous, "\"\(name)\" could be \(candidates.count) \(kind == "bus" ? "buses" : kind + "s")",
      details: candidates + ["use the kernel name or the UUID"])
  }
}
