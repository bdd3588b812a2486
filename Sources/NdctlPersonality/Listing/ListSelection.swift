/// The selection of `ndctl list`: which kinds of device, and how much of each.
struct ListSelection: Hashable, Sendable {
  var buses = false
  var dimms = false
  var regions = false
  var namespaces = false
  var showsIdle = false
  var showsConfigured = false
  var showsHealth = false
  var showsFirmware = false
  var showsCapabilities = false
  var showsMediaErrors = false
  /// Device-dax details of namespaces.
  var showsDax = false
  var isVerbose = false
  /// Whether `-X` alone asked for devdax namespaces only.
  var onlyDevdax = false

  init() {}

  /// - Parameters:
  ///   - options: Of the command line.
  ///   - lint: Whether `NDCTL_LIST_LINT` is set: then `-v` adds no kinds of device.
  init(_ options: ParsedOptions, lint: Bool) {
    buses = options.flag("buses")
    dimms = options.flag("dimms")
    regions = options.flag("regions")
    namespaces = options.flag("namespaces")
    showsIdle = options.flag("idle")
    showsConfigured = options.flag("configured")
    showsHealth = options.flag("health")
    showsFirmware = options.flag("firmware")
    showsCapabilities = options.flag("capabilities")
    showsMediaErrors = options.flag("media-errors")
    showsDax = options.flag("device-dax")
    isVerbose = options.count("verbose") > 0
    if showsNone {
      buses = options.text("bus") != nil
      regions = options.text("region") != nil
      dimms = options.text("dimm") != nil
      onlyDevdax = showsDax && options.text("mode") == nil
    }
    addDetails(options.count("verbose"), lint: lint)
    if showsNone { namespaces = true }
  }

  private mutating func addDetails(_ level: Int, lint: Bool) {
    guard level > 0 else { return }
    if level >= 3 {
      showsIdle = true
      showsFirmware = true
      showsHealth = true
      showsCapabilities = true
    }
    if level >= 2, !lint || showsNone {
      buses = true
      dimms = true
      regions = true
      namespaces = namespaces || lint
    }
    showsMediaErrors = true
    showsDax = true
    if !lint { namespaces = true }
  }

  private var showsNone: Bool { !buses && !dimms && !regions && !namespaces }
}
