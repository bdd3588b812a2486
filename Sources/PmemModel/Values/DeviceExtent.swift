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

  /// The intersection of two extents, on the device; nil if it is empty.
  package func intersection(_ other: DeviceExtent) -> Extent? {
    device == other.device ? extent.intersection(other.extent) : nil
  }
}
