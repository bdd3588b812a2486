import PmemDevice

/// The words of options that say what a namespace should be, and what they mean.
struct NamespaceShapeOptions {
  var size: String?
  var usable: String?
  var map: String?
  var align: String?
  var sectorSize: String?

  func parsedAmount() throws(DeviceError) -> (Amount, SizeMeasure)? {
    guard size == nil || usable == nil else {
      throw DeviceError(.usage, "--size and --usable cannot both be given: one follows from the other")
    }
    if let size { return (try parseAmount(size, option: "--size"), .taken) }
    if let usable { return (try parseAmount(usable, option: "--usable"), .usable) }
    return nil
  }

  func parsedMap() throws(DeviceError) -> MapLocation? {
    guard let map else { return nil }
    guard let location = MapLocation(rawValue: map.lowercased()), location != .none else {
      throw DeviceError(.usage, "--map: \"\(map)\" is neither mem nor dev\(didYouMean(map, ["mem", "dev"]))")
    }
    return location
  }

  func parsedAlign() throws(DeviceError) -> UInt64? {
    guard let align else { return nil }
    return try parseBytes(align, option: "--align").rawValue
  }

  func parsedSectorSize() throws(DeviceError) -> UInt64? {
    guard let sectorSize else { return nil }
    return try parseBytes(sectorSize, option: "--sector-size").rawValue
  }
}

/// Reads the UUID of an option.
func parseUUID(_ text: String) throws(DeviceError) -> DeviceUUID {
  guard let uuid = DeviceUUID(text) else {
    throw DeviceError(
      .usage, "--uuid: \"\(text)\" is not a UUID, such as 123e4567-e89b-12d3-a456-426614174000")
  }
  return uuid
}
