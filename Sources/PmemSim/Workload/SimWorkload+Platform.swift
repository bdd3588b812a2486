public import PmemDevice

/// What the platform does by itself.
extension SimWorkload {
  /// Spoils blocks of a namespace: not by injection, so they are good again only when they are written or cleared.
  ///
  /// - Parameters:
  ///   - name: By any name.
  ///   - extent: Of what its users have, bytes.
  ///   - isSilent: Whether only a scrub tells the kernel.
  /// - Throws: The kernel's error.
  public func spoil(_ name: String, _ extent: Extent, isSilent: Bool = false) throws(DeviceError) {
    guard let found = try NameResolver(SimInventory(machine.kernel.nvdimm).inventory).namespaces([name]).first
    else {
      throw DeviceError(.notFound, "there is no namespace \(name)")
    }
    try doing("inject errors into \(found.dev)") {
      try $0.nvdimm.spoil(found.regionID, found.id, extent, isInjected: false, isSilent: isSilent)
    }
  }

  /// Changes what the platform can do. A boot does not forget it.
  ///
  /// - Parameters:
  ///   - scrubSeconds: How long a scrub takes; nil inside for none, nil leaves that as it is.
  ///   - activation: How firmware is activated; nil inside for a power cycle alone, nil leaves that as it is.
  /// - Throws: The disk's error.
  public func setPlatform(
    scrubSeconds: UInt64??, activation: FirmwareActivation.Method??
  ) throws(DeviceError) {
    try doing("set the platform") { kernel in
      try kernel.media.changePlatform { platform in
        if let scrubSeconds { platform.scrubSeconds = scrubSeconds }
        if let activation { platform.activation = activation }
      }
      if kernel.media.platform.scrubSeconds == nil { kernel.nvdimm.scrub = ScrubState() }
    }
  }

  /// A change of a DIMM's firmware as hardware has it, without an update.
  public struct FirmwareSetting: Sendable {
    /// Whether it has commands for its firmware at all.
    public var isSupported = true
    /// The version that it runs; 1 if none was ever set.
    public var running: UInt64?
    /// Bytes.
    public var storage: UInt64?
    /// Whether another program has left an update open.
    public var isOpen: Bool?

    public init() {}
  }

  /// - Parameters:
  ///   - name: `nmem0`, `0` or an id.
  ///   - setting: What is set; the rest stays.
  /// - Throws: `DeviceError.Code.notFound`, and the disk's error.
  public func setFirmware(of name: String, _ setting: FirmwareSetting) throws(DeviceError) {
    let inventory = SimInventory(machine.kernel.nvdimm).inventory
    guard let dimm = try NameResolver(inventory).dimms([name]).first,
      let index = inventory.dimms.firstIndex(of: dimm)
    else { throw DeviceError(.notFound, "there is no DIMM \(name)") }
    try doing("set the firmware of \(dimm.dev)") { kernel in
      try kernel.media.changePlatform { platform in
        guard setting.isSupported else {
          platform[index] = nil
          return
        }
        var record = platform[index] ?? PlatformRecords.Firmware(running: 1)
        if let running = setting.running { record.running = running }
        if let storage = setting.storage { record.storage = storage }
        if let isOpen = setting.isOpen { record.isOpen = isOpen }
        platform[index] = record
      }
    }
  }
}
