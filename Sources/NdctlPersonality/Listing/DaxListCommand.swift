import PmemDevice

/// `daxctl list`.
enum DaxListCommand {
  static let command = ToolCommand(
    "list", "[<options>]",
    [
      OptionSpec("r", "region", .text, "region-id", "only this region"),
      OptionSpec("d", "dev", .text, "dev-id", "only this device"),
      OptionSpec("D", "devices", .flag, nil, "list devices"),
      OptionSpec("R", "regions", .flag, nil, "list regions"),
      OptionSpec("M", "mappings", .flag, nil, "with the ranges of devices"),
      OptionSpec("i", "idle", .flag, nil, "also devices without a size"),
      OptionSpec("u", "human", .flag, nil, "human-readable sizes and addresses"),
    ], run: run)

  private static func run(_ session: ToolSession) throws -> ReturnCode {
    let options = session.options
    try session.refuseNames()
    var regions = options.flag("regions")
    var devices = options.flag("devices")
    if !regions, !devices {
      regions = options.text("region") != nil
      devices = options.text("dev") != nil
    }
    if !regions { devices = true }
    let tree = try session.devices(.listing)
    let objects = DaxObjects(
      style: NumberStyle(isHuman: options.flag("human")), showsMappings: options.flag("mappings"),
      showsIdle: options.flag("idle"))
    let found = tree.daxRegions.filter { DaxSelectors.matches($0, options.text("region")) }.map { region in
      (region: region, devices: region.devices.filter { DaxSelectors.matches($0, options.text("dev")) })
    }
    let elements =
      if regions {
        found.map { objects.region($0.region, path: true, devices: devices ? $0.devices : nil) }
      } else {
        found.flatMap(\.devices).filter(objects.isShown).map(objects.device)
      }
    guard !elements.isEmpty else { return .done }
    try session.answer(ListShape.array(elements, options.flag("human")))
    return .done
  }
}

/// How daxctl's words select regions and devices.
enum DaxSelectors {
  /// By number or as `region0`, whatever follows.
  static func matches(_ region: DaxRegion, _ word: String?) -> Bool {
    guard let word, word != "all" else { return true }
    let digits = (word.hasPrefix("region") ? word.dropFirst(6) : word[...]).prefix {
      $0.isASCII && $0.isNumber
    }
    return Int(digits) == region.id
  }

  /// By name or as `0.0`.
  static func matches(_ device: DaxDevice, _ word: String?) -> Bool {
    guard let word, word != "all", word != device.chardev else { return true }
    guard let (region, number) = Selectors.pair(word[...]) else { return false }
    return device.chardev == "dax\(region).\(number)"
  }
}
