extension RegionCapabilities {
  /// The features of a kernel's btt, pfn and dax seeds on x86-64.
  public static func standard(for rules: KernelRules) -> RegionCapabilities {
    var capabilities = RegionCapabilities.standard
    if !rules.hasDeviceDax { capabilities.devdaxAlignments = [] }
    return capabilities
  }
}
