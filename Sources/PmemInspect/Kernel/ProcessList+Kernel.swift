extension ProcessList {
  /// Processes of which the kernel itself is asked what /proc tells one by one.
  ///
  /// - Parameters:
  ///   - roots: Of the host.
  ///   - types: Of its kernel.
  init(roots: HostRoots, types: KernelTypeSource) {
    self.init(roots: roots)
    askingKernel = { try? FileUserIterator(nil, roots: roots, types: types).mountNamespaces() }
  }
}
