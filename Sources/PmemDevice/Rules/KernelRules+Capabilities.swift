extension RegionCapabilities {
  /// What the btt, pfn and dax seeds of a kernel support on x86-64.
  public static func standard(for rules: KernelRules) -> RegionCapabilities {
    var capabilities = RegionCapabilities.standard
    if !rules.hasDeviceDax { capabilities.devdaxAlignments = [] }
    return capabilities
  }
}
