import PmemDevice
import PmemMedia

/// The true mode and settings of a namespace, also while it is disabled: the kernel presents it as raw then, its info
/// block has them.
struct ProbedNamespace {
  let namespace: Namespace
  /// Why its info block is not used, or could not be read; nil if it is used.
  let trouble: String?

  /// - Parameters:
  ///   - namespace: As the inventory has it.
  ///   - backend: Read if the namespace is disabled, and unclaimed.
  init(_ namespace: Namespace, on backend: any DeviceBackend) {
    guard !namespace.isEnabled, !namespace.isSeed, namespace.holder == nil else {
      (self.namespace, trouble) = (namespace, nil)
      return
    }
    do throws(DeviceError) {
      let identity = try backend.withRawMedia(of: namespace.dev, forWriting: false) {
        raw throws(DeviceError) in
        try NamespaceIdentity(raw, label: namespace.uuid)
      }
      (self.namespace, trouble) = (identity.described(namespace), identity.trouble)
    } catch {
      (self.namespace, trouble) = (namespace, "its info block cannot be read: \(error.summary)")
    }
  }
}
