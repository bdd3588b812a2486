import Glibc
import PmemDevice
import PmemctlCommands

/// The frame of daxctl's commands that take a device or `all`: it visits devices in the library's order, counts those that
/// succeeded, and returns what the last one returned.
struct DaxWalk {
  let session: ToolSession
  /// The device that the command line names; `/dev/dax0.0` is named by its last part.
  let name: String

  /// - Parameters:
  ///   - session: Of the command line.
  ///   - verb: `reconfigure`, for the complaint.
  /// - Throws: ``ToolExit/usage`` without a name, or with two.
  init(_ session: ToolSession, verb: String) throws {
    self.session = session
    let names = session.options.names
    if names.isEmpty { session.note("specify a device to \(verb), or \"all\"") }
    for name in names.dropFirst() { session.note("unknown extra parameter \"\(name)\"") }
    guard names.count == 1 else { throw session.misused() }
    name = names[0].split(separator: "/").last.map(String.init) ?? names[0]
  }

  /// - Parameters:
  ///   - failure: `error enabling device`.
  ///   - done: What is counted: `enabled`.
  ///   - visit: One device.
  /// - Returns: Of the command.
  /// - Throws: What reading the machine says.
  func run(
    failure: String, done: String, visit: (DeviceTree, DaxDeviceLocation) throws -> ReturnCode
  ) throws -> ReturnCode {
    var tree = try session.devices(.planning, forWriting: true)
    var code: ReturnCode = .noDeviceOrAddress
    var count = 0
    let targets = tree.daxRegions.filter { DaxSelectors.matches($0, session.options.text("region")) }
      .flatMap { region in tree.locations(in: region) }
      .filter { DaxSelectors.matches($0.device, name) }.map(\.device.chardev)
    for (index, target) in targets.enumerated() {
      if index > 0 { tree = try session.devices(.planning, forWriting: true) }
      guard let location = tree.inventory.daxDevices.first(where: { $0.device.chardev == target }) else {
        continue
      }
      code = try visit(tree, location)
      if code == .done { count += 1 }
    }
    if code.isError { session.note("\(failure): \(code.text)") }
    session.note("\(done) \(counted(count, "device"))")
    return code
  }

  /// Runs a plan of the planner for DAX devices.
  func perform(
    on tree: DeviceTree, _ make: (DaxDevicePlanner) throws(DeviceError) -> Plan
  ) -> ReturnCode {
    session.perform(on: tree) { machine throws(DeviceError) in
      try make(DaxDevicePlanner(tree.inventory, inspector: session.inspector(machine)))
    }
  }
}
