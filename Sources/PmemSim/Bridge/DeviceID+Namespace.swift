import PmemDevice
import PmemModel

extension DeviceID {
  /// Of a namespace that an inventory has.
  init(_ namespace: Namespace) { self.init(region: namespace.regionID, namespace: namespace.id) }
}
