import PmemDevice

/// `ndctl monitor`: pmemctl has none; it answers as ndctl does if no DIMM can be monitored.
enum MonitorCommand {
  static let command = ToolCommand(
    "monitor", "[<options>]",
    [
      OptionSpec("b", "bus", .text, "bus-id", "only this bus"),
      OptionSpec("r", "region", .text, "region-id", "only this region"),
      OptionSpec("d", "dimm", .text, "dimm-id", "only this DIMM"),
      OptionSpec("n", "namespace", .text, "namespace-id", "only this namespace"),
      OptionSpec("D", "dimm-event", .text, "event", "only these events"),
      OptionSpec("l", "log", .text, "log", "syslog, standard or a file"),
      OptionSpec("c", "config-file", .text, "config-file", "file or directory of settings"),
      OptionSpec(nil, "daemon", .flag, nil, "in the background"),
      OptionSpec("u", "human", .flag, nil, "events on several lines"),
      OptionSpec("v", "verbose", .flag, nil, "print debug messages"),
      OptionSpec("p", "poll", .number, nil, "interval of health checks in seconds"),
    ]
  ) { session in
    try session.refuseNames()
    try session.answer(bytes: Array("no dimms to monitor, exiting\n".utf8))
    return session.options.flag("daemon") ? .done : .noDeviceOrAddress
  }
}
