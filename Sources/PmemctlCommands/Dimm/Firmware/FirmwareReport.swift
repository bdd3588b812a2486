import PmemDevice
import PmemOutput

/// The firmware of one DIMM.
struct FirmwareReport {
  let dimm: DIMM
  let reading: FirmwareReading
  /// Of its bus.
  let activation: FirmwareActivation

  var firmware: DimmFirmware? { reading.firmware }

  /// For the column, if there is none to show.
  var remark: String? {
    switch reading {
    case .reported: nil
    case .notSupported: "not supported"
    case .notPermitted: "only root may read it"
    case .failed(let reason): reason
    }
  }

  /// Keys: `dev`, `id`, and `firmware` with ndctl's keys, `current_version`, `next_version`, `activate_state`,
  /// `activate_result`, and `storage_size`, `activate_method`, or `problem`.
  var json: JSONObject {
    var object = JSONObject()
    object.add("dev", dimm.dev)
    object.add("id", dimm.id)
    guard let firmware else {
      object.add("firmware_problem", remark)
      return object
    }
    var item = JSONObject()
    item.add("current_version", firmware.running)
    item.add("next_version", firmware.staged)
    item.add("storage_size", firmware.storage)
    item.add("activate_method", activation.method?.rawValue)
    item.add("activate_state", firmware.activation?.rawValue)
    item.add("activate_result", firmware.result?.rawValue)
    object.add("firmware", item)
    return object
  }

  /// - Parameters:
  ///   - dimms: Of the inventory.
  ///   - inventory: Of the machine.
  ///   - backend: The machine.
  /// - Returns: One for each, in their order.
  /// - Throws: If it cannot be asked at all.
  static func read(
    _ dimms: [DIMM], _ inventory: Inventory, _ backend: any DeviceBackend
  ) throws(DeviceError) -> [FirmwareReport] {
    let activations = Dictionary(
      uniqueKeysWithValues: zip(inventory.buses.map(\.dev), try backend.activation(of: inventory.buses)))
    return zip(dimms, try backend.firmware(of: dimms)).map { dimm, reading in
      let bus = inventory.buses.first { bus in bus.dimms.contains { $0.dev == dimm.dev } }
      return FirmwareReport(
        dimm: dimm, reading: reading, activation: bus.flatMap { activations[$0.dev] } ?? .none)
    }
  }
}
