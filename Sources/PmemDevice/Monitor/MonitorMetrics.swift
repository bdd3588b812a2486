/// A machine in the text format of Prometheus (version 0.0.4): a help, a type and its samples for each metric, in base units.
public struct MonitorMetrics {
  private struct Metric {
    var type: String
    var help: String
    var samples: [(labels: [(String, String)], value: String)] = []
  }

  private var order: [String] = []
  private var metrics: [String: Metric] = [:]

  /// - Parameters:
  ///   - reading: The machine.
  ///   - time: When it was read, seconds since 1970.
  public init(_ reading: MachineReading, time: UInt64) {
    gauge("pmem_last_reading_timestamp_seconds", "When the values were read.", [], "\(time)")
    for (bus, scrub) in zip(reading.inventory.buses, reading.scrubs) where scrub.state != nil {
      let labels = [("bus", bus.dev), ("provider", bus.provider)]
      gauge(
        "pmem_bus_scrub_active", "Whether the media are being scrubbed.", labels,
        scrub.state == .active ? "1" : "0")
      counter("pmem_bus_scrubs_total", "Scrubs since the driver was loaded.", labels, "\(scrub.completed)")
    }
    for (dimm, health) in zip(reading.inventory.dimms, reading.health) { add(dimm, health) }
    for region in reading.inventory.regions {
      let labels = [("region", region.dev)]
      gauge("pmem_region_size_bytes", "Size of a region.", labels, "\(region.size.rawValue)")
      gauge(
        "pmem_region_available_bytes", "Free space of a region.", labels, "\(region.availableSize.rawValue)")
      gauge(
        "pmem_region_bad_blocks", "Bad blocks of 512 bytes on a region.", labels, "\(region.badblockCount)")
      gauge("pmem_region_enabled", "Whether a region is enabled.", labels, region.isEnabled ? "1" : "0")
      for namespace in region.configuredNamespaces { add(namespace) }
    }
  }

  private mutating func add(_ namespace: Namespace) {
    let labels = [
      ("namespace", namespace.dev), ("name", namespace.name ?? ""), ("mode", "\(namespace.mode)"),
    ]
    gauge("pmem_namespace_size_bytes", "Usable size of a namespace.", labels, "\(namespace.size.rawValue)")
    gauge(
      "pmem_namespace_bad_blocks", "Bad blocks of 512 bytes on a namespace.", labels,
      "\(namespace.badblockCount)")
    gauge(
      "pmem_namespace_enabled", "Whether a namespace is enabled.", labels, namespace.isEnabled ? "1" : "0")
  }

  private mutating func add(_ dimm: DIMM, _ reading: HealthReading) {
    let labels = [("dimm", dimm.dev), ("id", dimm.id ?? "")]
    gauge("pmem_dimm_enabled", "Whether a DIMM is enabled.", labels, dimm.isEnabled ? "1" : "0")
    let verdict = HealthVerdict(of: dimm, reading).level
    for level in HealthVerdict.Level.allCases {
      gauge(
        "pmem_dimm_health_verdict", "1 for the verdict on a DIMM's health, 0 for the others.",
        labels + [("verdict", level.rawValue)], level == verdict ? "1" : "0")
    }
    for flag in DIMM.platformFlags {
      gauge(
        "pmem_dimm_platform_flag", "Whether the platform reports a failure of a DIMM.",
        labels + [("flag", flag)],
        dimm.flags.contains(flag) ? "1" : "0")
    }
    guard let health = reading.health else { return }
    let temperatures = [("media", health.mediaTemperature), ("controller", health.controllerTemperature)]
    for case (let sensor, let temperature?) in temperatures {
      gauge(
        "pmem_dimm_temperature_celsius", "Temperature of a DIMM.", labels + [("sensor", sensor)],
        Self.decimal(temperature.millicelsius))
    }
    gauge(
      "pmem_dimm_spares_ratio", "Spare blocks that are left.", labels,
      health.spares.map { Self.decimal($0 * 10) })
    gauge(
      "pmem_dimm_life_used_ratio", "Rated life that is used.", labels,
      health.lifeUsed.map { Self.decimal($0 * 10) })
    counter(
      "pmem_dimm_dirty_shutdowns_total", "Shutdowns that lost data on their way to the media.", labels,
      health.dirtyShutdowns.map { "\($0)" })
    for kind in DimmHealth.AlarmKind.allCases {
      gauge(
        "pmem_dimm_alarm", "Whether an alarm of a DIMM is raised.", labels + [("alarm", kind.rawValue)],
        health[kind].isRaised.map { $0 ? "1" : "0" })
    }
  }

  /// Of thousandths.
  private static func decimal(_ thousandths: Int) -> String {
    let magnitude = thousandths.magnitude
    let rest = String(magnitude % 1000 + 1000).dropFirst()
    return (thousandths < 0 ? "-" : "") + "\(magnitude / 1000).\(rest)"
  }

  private mutating func gauge(_ name: String, _ help: String, _ labels: [(String, String)], _ value: String?)
  {
    add(name, "gauge", help, labels, value)
  }

  private mutating func counter(
    _ name: String, _ help: String, _ labels: [(String, String)], _ value: String?
  ) {
    add(name, "counter", help, labels, value)
  }

  private mutating func add(
    _ name: String, _ type: String, _ help: String, _ labels: [(String, String)], _ value: String?
  ) {
    guard let value else { return }
    if metrics[name] == nil {
      order.append(name)
      metrics[name] = Metric(type: type, help: help)
    }
    metrics[name]?.samples.append((labels, value))
  }

  /// The whole file. The samples of a metric are together, as the format demands.
  public var text: String {
    var text = ""
    for name in order {
      guard let metric = metrics[name] else { continue }
      text += "# HELP \(name) \(metric.help)\n# TYPE \(name) \(metric.type)\n"
      for sample in metric.samples {
        let labels = sample.labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
        text += labels.isEmpty ? "\(name) \(sample.value)\n" : "\(name){\(labels)} \(sample.value)\n"
      }
    }
    return text
  }

  private static func escaped(_ value: String) -> String {
    value.reduce(into: "") { text, character in
      switch character {
      case "\\": text += "\\\\"
      case "\"": text += "\\\""
      case "\n", "\r\n": text += "\\n"
      default: text.append(character)
      }
    }
  }
}
