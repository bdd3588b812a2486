package import PmemDevice

/// A part of a device.
package struct DeviceExtent: Hashable, Sendable {
  package var device: DeviceID
  /// On the device, bytes.
  package var extent: Extent

  package init(device: DeviceID, extent: Extent) {
    self.device = device
    self.extent = extent
  }

  /// What two parts have in common, on the device; nil for nothing.
  package func intersection(_ other: DeviceExtent) -> Extent? {
    device == other.device ? extent.intersection(other.extent) : nil
  }
}
