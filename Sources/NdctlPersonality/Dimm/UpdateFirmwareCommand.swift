import Glibc
import PmemDevice
import PmemctlCommands

/// `ndctl update-firmware`: stages an image, and arms DIMMs for its activation or disarms them.
struct UpdateFirmwareCommand {
  static let command = ToolCommand(
    "update-firmware", DimmCommands.names,
    DimmCommands.base + [
      OptionSpec("f", "firmware", .text, "firmware-file", "image to write"),
      OptionSpec("i", "force", .flag, nil, "also during a scrub"),
      OptionSpec("A", "arm", .flag, nil, "activate it with the next activation"),
      OptionSpec("D", "disarm", .flag, nil, "do not"),
    ]
  ) { session in
    let options = session.options
    if options.hasFlag("arm"), options.hasFlag("disarm") {
      session.note("set either --arm, or --disarm, not both")
      throw session.misused()
    }
    let file = options.text("firmware")
    if file == nil, !options.hasFlag("arm"), !options.hasFlag("disarm") {
      session.note("require --arm, or --disarm")
      throw session.misused()
    }
    return try UpdateFirmwareCommand(session).run(file)
  }

  private let session: ToolSession
  private let walk: DimmWalk

  private init(_ session: ToolSession) throws {
    self.session = session
    walk = try DimmWalk(session, forWriting: true)
  }

  private func run(_ file: String?) throws -> ReturnCode {
    let image = file.map(image)
    var done: [DIMM] = []
    let code = try walk.run(DimmWalk.counted("updated", end: ".")) { dimm in
      let code = try visit(dimm, image)
      if code == .done { done.append(dimm) }
      return code
    }
    guard !done.isEmpty else { return code }
    let readings = try session.machine(forWriting: true).backend.firmware(of: done)
    let objects = DeviceObjects(style: NumberStyle(isHuman: session.isTerminal))
    try session.answer(
      .array(zip(done, readings).map { .object(objects.dimm($0, firmware: $1, health: nil)) }))
    return code
  }

  /// What an image file is.
  private enum Image {
    case bytes([UInt8])
    /// With what ndctl says of it.
    case unusable(String, ReturnCode)
  }

  private func image(_ path: String) -> Image {
    do throws(DeviceError) {
      let bytes = try ToolFile.read(path)
      return bytes.isEmpty ? .unusable("Input file size is 0.", .invalid) : .bytes(bytes)
    } catch {
      let number = error.errno ?? EINVAL
      return number == EISDIR
        ? .unusable("Input not a regular file.", .invalid)
        : .unusable(
          "failed to open: \(path): (\(String(cString: strerror(number))))", ReturnCode(value: -number))
    }
  }

  private func visit(_ dimm: DIMM, _ image: Image?) throws -> ReturnCode {
    guard let bus = walk.tree.buses.first(where: { $0.dimms.contains { $0.dev == dimm.dev } }) else {
      return .noDeviceOrAddress
    }
    guard let image else {
      // ndctl asks the bus, and its DIMMs, without a word.
      return session.options.flag("disarm") ? toggle(dimm, .disarm) : try arm(dimm, bus)
    }
    let backend = try session.machine(forWriting: true).backend
    let reading = try backend.firmware(of: [dimm])[0]
    guard reading != .notSupported else {
      complain(dimm, "firmware update not supported by ndctl.")
      return ReturnCode(value: -25)
    }
    if bus.scrubState == "active", !session.options.flag("force") {
      complain(dimm, "scrub active, retry after 'ndctl wait-scrub'")
      return .busy
    }
    switch image {
    case .unusable(let reason, let code):
      session.note(reason)
      return code
    case .bytes(let bytes): return try stage(bytes, on: dimm, bus, reading)
    }
  }

  private func complain(_ dimm: DIMM, _ text: String) {
    session.complain("update firmware: \(dimm.dev): \(text)")
  }

  private func stage(
    _ bytes: [UInt8], on dimm: DIMM, _ bus: Bus, _ reading: FirmwareReading
  ) throws -> ReturnCode {
    if let storage = reading.firmware?.storage, UInt64(bytes.count) > storage {
      session.complain("Firmware file size greater than DIMM store")
      return .noSpace
    }
    guard reading.firmware?.staged == nil else {
      complain(dimm, "an image is staged already, and waits for its activation")
      return .busy
    }
    let activation = try session.machine(forWriting: true).backend.activation(of: [bus])[0]
    let code = session.perform(on: walk.tree) { _ throws(DeviceError) in
      try FirmwarePlanner(
        walk.tree.inventory, readings: [dimm.dev: reading], scrubs: [:], activations: [bus.dev: activation]
      ).stage(bytes, on: [dimm], abandonsOpen: session.options.flag("force"))
    }
    guard code == .done else {
      complain(dimm, "the update failed: \(code.text)")
      return code
    }
    // That it cannot be armed is no failure of the update: what is printed shows it.
    if session.options.flag("disarm") {
      _ = toggle(dimm, .disarm)
    } else if activation.method != nil {
      _ = try arm(dimm, bus)
    }
    return .done
  }

  // MARK: Arming

  private func arm(_ dimm: DIMM, _ bus: Bus) throws -> ReturnCode {
    let isForced = session.options.flag("force")
    let backend = try session.machine(forWriting: true).backend
    guard let state = try backend.activation(of: [bus])[0].state else { return .noDeviceOrAddress }
    guard state != .overflow || isForced else {
      complain(dimm, "overflow detected skip arm")
      return .noDeviceOrAddress
    }
    guard toggle(dimm, .arm) == .done else {
      complain(dimm, "failed to arm")
      return .noDeviceOrAddress
    }
    guard !isForced, try backend.activation(of: [bus])[0].state == .overflow else { return .done }
    complain(dimm, "arm aborted, tripped overflow")
    _ = toggle(dimm, .disarm)
    return .noDeviceOrAddress
  }

  /// Also with nothing staged, as ndctl does.
  private func toggle(_ dimm: DIMM, _ operation: FirmwareOperation) -> ReturnCode {
    let code = session.perform(on: walk.tree) { _ throws(DeviceError) in
      Plan(
        title: operation.words(dimm.dev),
        entries: [Plan.Entry(.firmware(dimm: dimm.dev, operation), operation.words(dimm.dev))])
    }
    return code == .done ? .done : .noDeviceOrAddress
  }
}
