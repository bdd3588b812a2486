public import PmemDevice

extension SimWorkload {
  /// Changes what a DIMM reports of itself, and what the platform reports of it. A boot does not forget it.
  ///
  /// - Parameters:
  ///   - name: `nmem0`, `0` or an id.
  ///   - flags: The new `DIMM.flags`; nil keeps them.
  ///   - change: Gets what the DIMM reports now, nil if it has no health command, and leaves what it shall report. Whether an
  ///     alarm is raised follows from the values.
  /// - Throws: `DeviceError.Code.notFound`, and the disk's error.
  public func setHealth(
    of name: String, flags: [String]? = nil, _ change: (inout DimmHealth?) -> Void
  ) throws(DeviceError) {
    let inventory = SimInventory(machine.kernel.nvdimm).inventory
    guard let dimm = try NameResolver(inventory).dimms([name]).first,
      let index = inventory.dimms.firstIndex(of: dimm)
    else { throw DeviceError(.notFound, "there is no DIMM \(name)") }
    var health = machine.kernel.media.health.health(of: index)
    change(&health)
    let changed = health
    try doing("set the health of \(dimm.dev)") { kernel in
      try kernel.media.changeHealth { records in
        records.set(changed, of: index)
        if let flags { records.set(flags: flags, of: index) }
      }
    }
  }
}

extension DimmHealth {
  /// A DIMM that offers everything and is well.
  public static var complete: DimmHealth {
    var health = DimmHealth()
    health.state = .ok
    health.mediaTemperature = Temperature(celsius: 30)
    health.mediaTemperatureThreshold = Temperature(celsius: 82)
    health.controllerTemperature = Temperature(celsius: 32)
    health.controllerTemperatureThreshold = Temperature(celsius: 98)
    health.spares = 100
    health.sparesThreshold = 50
    health.lifeUsed = 0
    health.isShutdownDirty = false
    health.dirtyShutdowns = 0
    for kind in AlarmKind.allCases { health[kind].isWatched = true }
    return health
  }
}
