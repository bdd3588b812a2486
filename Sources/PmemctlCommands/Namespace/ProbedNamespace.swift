import PmemDevice
import PmemMedia

/// A namespace as it is, also while it is disabled: the kernel shows it as raw then, its info block tells.
struct ProbedNamespace {
  let namespace: Namespace
  /// Why its info block is not used, or could not be read; nil where all is well.
  let trouble: String?

  /// - Parameters:
  ///   - namespace: As the inventory has it.
  ///   - backend: Read where the namespace is disabled, and nothing claims it.
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
