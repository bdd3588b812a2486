/// Users of namespaces, whom libnvdimm asks and informs when it takes a namespace away.
protocol NamespaceUsers: AnyObject {
  /// Refuses a namespace, or all of a region, that is held exclusively, as an exclusive open would find.
  ///
  /// - Throws: ``KernelRefusal`` with EBUSY.
  func checkNotHeld(_ region: Int, _ id: Int?) throws

  /// The device of a namespace, or all of a region, is removed: mappings lose their pages, open files are dead.
  func revoke(_ region: Int, _ id: Int?)
}
