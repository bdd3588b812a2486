import PmemDevice
import PmemctlCommands

/// Firmware of DIMMs, and its activation, as ndctl prints them. What cannot be read is left out.
enum FirmwareObject {
  static func of(_ activation: FirmwareActivation) -> LibraryJSON {
    var object = LibraryObject()
    object.add("activate_method", activation.method?.rawValue ?? "reset")
    // A bus that is busy has no word for it.
    object.add("activate_state", activation.state == .busy ? nil : activation.state?.rawValue)
    return .object(object)
  }

  /// The state of activation is shown beside what is staged alone.
  static func of(_ firmware: DimmFirmware, _ style: NumberStyle) -> LibraryJSON {
    var object = LibraryObject()
    object.add("current_version", style.identifier(firmware.running))
    object.add("can_update", true)
    if let staged = firmware.staged {
      object.add("next_version", style.identifier(staged))
      object.add("activate_state", firmware.activation?.rawValue)
    }
    return .object(object)
  }
}

/// The firmware of a machine's DIMMs, and how its buses activate it.
struct FirmwareFacts {
  private let dimms: [String: FirmwareReading]
  private let buses: [String: FirmwareActivation]

  /// - Throws: If the machine cannot be asked at all.
  init(of buses: [Bus], _ session: ToolSession) throws(DeviceError) {
    let backend = try session.machine(forWriting: false).backend
    let all = buses.flatMap(\.dimms)
    dimms = Dictionary(zip(all.map(\.dev), try backend.firmware(of: all))) { first, _ in first }
    self.buses = Dictionary(zip(buses.map(\.dev), try backend.activation(of: buses))) { first, _ in first }
  }

  subscript(dimm: DIMM) -> FirmwareReading? { dimms[dimm.dev] }

  /// Whether a DIMM has commands for its firmware, readable or not.
  func isUpdatable(_ dimm: DIMM) -> Bool { dimms[dimm.dev].map { $0 != .notSupported } ?? false }

  /// nil if no DIMM of the bus can be updated.
  subscript(bus: Bus) -> FirmwareActivation? {
    bus.dimms.contains(where: isUpdatable) ? buses[bus.dev] : nil
  }
}
