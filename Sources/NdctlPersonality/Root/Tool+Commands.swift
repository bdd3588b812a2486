extension Tool {
  /// In the order in which the tool lists them.
  var commands: [ToolCommand] {
    let all = own
    return names.compactMap { name in all.first { $0.name == name } }
  }

  private var own: [ToolCommand] {
    switch self {
    case .ndctl:
      Self.builtIn + NamespaceCommands.all + RegionCommands.all + DimmCommands.all + BusCommands.all
        + [ListCommand.command, MonitorCommand.command]
    case .daxctl: Self.builtIn + DaxCommands.all + [DaxListCommand.command]
    }
  }

  /// Those that are handled before commands are looked for.
  private static let builtIn = [
    ToolCommand("version", "", []) { _ in .done }, ToolCommand("help", "[command]", []) { _ in .done },
  ]

  private var names: [String] {
    switch self {
    case .ndctl:
      [
        "version", "enable-namespace", "disable-namespace", "create-namespace", "destroy-namespace",
        "read-infoblock", "write-infoblock", "check-namespace", "clear-errors", "enable-region",
        "disable-region", "enable-dimm", "disable-dimm", "zero-labels", "read-labels", "write-labels",
        "init-labels", "check-labels", "inject-error", "update-firmware", "inject-smart", "wait-scrub",
        "activate-firmware", "start-scrub", "setup-passphrase", "update-passphrase", "remove-passphrase",
        "freeze-security", "sanitize-dimm", "load-keys", "wait-overwrite", "list", "monitor", "help",
      ]
    case .daxctl:
      [
        "version", "list", "help", "split-acpi", "migrate-device-model", "create-device", "destroy-device",
        "reconfigure-device", "online-memory", "offline-memory", "disable-device", "enable-device",
      ]
    }
  }
}
