import PmemDevice
import PmemctlCommands

/// The checks of ndctl before it overwrites a namespace.
enum Reconfiguration {
  /// - Returns: nil if nothing is against it.
  static func refusal(of namespace: Namespace, in region: Region, _ session: ToolSession) -> NamespaceWalk
    .Visit?
  {
    guard !region.isReadOnly else {
      session.complain("\(namespace.dev): read-only, re-configuration disabled")
      return NamespaceWalk.Visit(.noDeviceOrAddress)
    }
    guard !namespace.isEnabled || session.options.flag("force") else {
      session.complain("\(namespace.dev) is active, specify --force for re-configuration")
      return NamespaceWalk.Visit(.busy)
    }
    return nil
  }

  /// Whether there is nothing to overwrite: such a namespace without labels is not counted as destroyed.
  static func beginsWithZeros(_ namespace: Namespace, _ session: ToolSession) throws(DeviceError) -> Bool {
    // An info block is there.
    guard namespace.holder == nil else { return false }
    let backend = try session.machine(forWriting: true).backend
    let count = Int(min(8192, namespace.rawSize.rawValue))
    let bytes =
      if namespace.isEnabled {
        try backend.withContent(of: namespace) { source throws(DeviceError) in
          try source.read(at: 0, count: count)
        }
      } else {
        try backend.withRawMedia(of: namespace.dev, forWriting: false) { source throws(DeviceError) in
          try source.read(at: 0, count: count)
        }
      }
    return bytes.allSatisfy { $0 == 0 }
  }
}
