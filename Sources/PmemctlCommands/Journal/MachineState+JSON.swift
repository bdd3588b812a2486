import PmemDevice
import PmemOutput

extension MachineState {
  var json: JSONObject {
    var object = JSONObject()
    object.add("dimms", dimms.map { .object($0.json) })
    object.add("regions", regions.map { .object($0.json) })
    object.add("namespaces", namespaces.map { .object($0.json) })
    object.add("devices", devices.map { .object($0.json) })
    return object
  }

  /// Reads an object at a path of the file, which errors name.
  init(_ object: JSONObject, at path: String) throws(UndoFormatError) {
    self.init()
    dimms = try Self.list(object, path, "dimms", DimmState.init)
    regions = try Self.list(object, path, "regions", RegionState.init)
    namespaces = try Self.list(object, path, "namespaces", NamespaceState.init)
    devices = try Self.list(object, path, "devices", DeviceState.init)
  }

  private static func list<Element>(
    _ object: JSONObject, _ path: String, _ key: String,
    _ read: (JSON, String) throws(UndoFormatError) -> Element
  ) throws(UndoFormatError) -> [Element] {
    var list: [Element] = []
    for (index, each) in (object[key]?.array ?? []).enumerated() {
      list.append(try read(each, "\(path).\(key)[\(index)]"))
    }
    return list
  }
}

extension DimmState {
  var json: JSONObject {
    var object = JSONObject()
    object.add("dev", dev)
    object.add("id", id)
    object.add("enabled", isEnabled)
    if let labels {
      var area = JSONObject()
      SavedBytes.add(labels, to: &area)
      object.add("labels", .object(area))
    }
    return object
  }

  init(_ json: JSON, at path: String) throws(UndoFormatError) {
    guard let object = json.object, let dev = object["dev"]?.string,
      let isEnabled = object["enabled"]?.boolean
    else { throw UndoFormatError("a DIMM cannot be read", at: path) }
    self.init(
      dev: dev, id: object["id"]?.string, isEnabled: isEnabled,
      labels: try object["labels"].map { json throws(UndoFormatError) in
        try SavedBytes.parse(json, at: path + ".labels")
      })
  }
}

extension RegionState {
  var json: JSONObject {
    var object = JSONObject()
    object.add("dev", dev)
    object.add("dimms", dimms.map(JSON.string))
    object.add("enabled", isEnabled)
    object.add("cxl_recipe", cxlRecipe)
    object.add("cxl_devices", cxlDevices)
    if let cxl { object.add("cxl_region", .object(cxl.record)) }
    return object
  }

  init(_ json: JSON, at path: String) throws(UndoFormatError) {
    guard let object = json.object, let dev = object["dev"]?.string,
      let isEnabled = object["enabled"]?.boolean
    else { throw UndoFormatError("a region cannot be read", at: path) }
    self.init(
      dev: dev, dimms: (object["dimms"]?.array ?? []).compactMap(\.string), isEnabled: isEnabled,
      cxl: object["cxl_region"]?.object.flatMap { CxlRecipe(record: $0) })
    cxlRecipe = object["cxl_recipe"]?.string
    cxlDevices = object["cxl_devices"]?.string
  }
}

extension NamespaceState {
  /// All but the saved bytes: the JSON of `undo list --json`.
  var summary: JSONObject {
    var object = JSONObject()
    object.add("dev", dev)
    object.add("name", name)
    object.add("raw_uuid", uuid?.description)
    object.add("mode", mode?.rawValue)
    object.add("enabled", isEnabled)
    object.add("raw_size", size)
    return object
  }

  var json: JSONObject {
    var object = summary
    object.add("region", region)
    object.add("uuid", infoUUID?.description)
    object.add("region_offset", offset)
    object.add(
      "saved",
      pieces.map { piece in
        var saved = JSONObject()
        saved.add("at", piece.offset)
        SavedBytes.add(piece.bytes, to: &saved)
        return .object(saved)
      })
    return object
  }

  init(_ json: JSON, at path: String) throws(UndoFormatError) {
    guard let object = json.object, let dev = object["dev"]?.string,
      let isEnabled = object["enabled"]?.boolean, let size = object["raw_size"]?.address
    else { throw UndoFormatError("a namespace cannot be read", at: path) }
    let region = dev.dropFirst("namespace".count).prefix { $0 != "." }
    self.init(
      dev: dev, region: object["region"]?.string ?? "region\(region)", name: object["name"]?.string,
      uuid: object["raw_uuid"]?.string.flatMap { DeviceUUID($0) },
      infoUUID: object["uuid"]?.string.flatMap { DeviceUUID($0) },
      mode: object["mode"]?.string.flatMap { NamespaceMode(parsing: $0) }, isEnabled: isEnabled, size: size,
      offset: object["region_offset"]?.address)
    for (index, saved) in (object["saved"]?.array ?? []).enumerated() {
      guard let offset = saved.object?["at"]?.address else {
        throw UndoFormatError("saved bytes have no offset", at: path)
      }
      pieces.append(Piece(offset: offset, bytes: try SavedBytes.parse(saved, at: "\(path).saved[\(index)]")))
    }
  }
}

extension DeviceState {
  var json: JSONObject {
    var object = JSONObject()
    object.add("chardev", chardev)
    object.add("region", region)
    object.add("divisible", isDivisible)
    object.add("size", size)
    object.add("align", align)
    object.add("mode", mode.rawValue)
    object.add("enabled", isEnabled)
    object.add("online", online)
    object.add("movable", isMovable)
    return object
  }

  init(_ json: JSON, at path: String) throws(UndoFormatError) {
    guard let object = json.object, let chardev = object["chardev"]?.string,
      let region = object["region"]?.unsigned.flatMap({ Int(exactly: $0) }),
      let size = object["size"]?.address, let align = object["align"]?.address,
      let mode = object["mode"]?.string.flatMap(DaxDevice.Mode.init(rawValue:)),
      let isEnabled = object["enabled"]?.boolean
    else { throw UndoFormatError("a DAX device cannot be read", at: path) }
    self.init(
      chardev: chardev, region: region, isDivisible: object["divisible"]?.boolean ?? false, size: size,
      align: align, mode: mode, isEnabled: isEnabled,
      online: object["online"]?.unsigned.flatMap { Int(exactly: $0) },
      isMovable: object["movable"]?.boolean ?? false)
  }
}

extension ChangeScope {
  var json: JSONObject {
    var object = JSONObject()
    object.add("uuids", uuids.map(\.description).sorted().map(JSON.string))
    object.add("namespaces", namespaces.sorted().map(JSON.string))
    object.add("regions", regions.sorted().map(JSON.string))
    object.add("dimms", dimms.sorted().map(JSON.string))
    object.add("areas", areas.sorted().map(JSON.string))
    object.add("labeled", labeled.sorted().map(JSON.string))
    object.add("devices", devices.sorted().map(JSON.string))
    object.add("divides_devices", dividesDevices)
    if !cxl.isEmpty { object.add("cxl", cxl.sorted().map(JSON.string)) }
    return object
  }

  init(_ object: JSONObject) {
    self.init()
    func names(_ key: String) -> Set<String> { Set((object[key]?.array ?? []).compactMap(\.string)) }
    uuids = Set(names("uuids").compactMap { DeviceUUID($0) })
    namespaces = names("namespaces")
    regions = names("regions")
    dimms = names("dimms")
    areas = names("areas")
    labeled = names("labeled")
    devices = names("devices")
    dividesDevices = object["divides_devices"]?.boolean ?? false
    cxl = names("cxl")
  }
}
