import PmemDevice
import PmemOutput

extension CxlRecipe {
  /// As an undo record keeps it.
  var record: JSONObject {
    var object = JSONObject()
    object.add("region", region)
    object.add("kind", kind.rawValue)
    object.add("window", window)
    object.add("granularity", granularity)
    object.add("size", size?.rawValue)
    object.add("uuid", uuid?.description)
    object.add(
      "members",
      members.map { member in
        var object = JSONObject()
        object.add("memdev", member.memdev)
        object.add("serial", member.serial)
        return .object(object)
      })
    return object
  }

  /// nil if a parameter is missing, or is none that a region can have.
  init?(record object: JSONObject) {
    let members = (object["members"]?.array ?? []).compactMap { json -> Member? in
      guard let object = json.object, let memdev = object["memdev"]?.string else { return nil }
      return Member(memdev: memdev, serial: object["serial"]?.unsigned)
    }
    guard let region = object["region"]?.string,
      let kind = object["kind"]?.string.flatMap(CxlMemoryKind.init(rawValue:)),
      let window = object["window"]?.string, let granularity = object["granularity"]?.unsigned,
      CxlRegionRequest.granularities.contains(granularity), CxlRegionRequest.ways.contains(members.count),
      members.count == object["members"]?.array?.count
    else { return nil }
    self.init(
      region: region, kind: kind, window: window, granularity: granularity, members: members,
      size: object["size"]?.unsigned.map { ByteCount($0) },
      uuid: object["uuid"]?.string.flatMap { DeviceUUID($0) })
  }
}
