/// daxctl's commands that are for other kernels and for tests.
enum SpecialCommands {
  /// Since Linux 5.1 there is one model only, and nothing to migrate (drivers/dax/bus.c).
  static let migrate = ToolCommand("migrate-device-model", "", []) { _ in .done }

  static let splitACPI = ToolCommand(
    "split-acpi", "[<options>]",
    [
      OptionSpec("d", "directory", .text, "path", "path of ACPI tables"),
      OptionSpec("p", "pxm", .number, nil, "proximity domain to split"),
      OptionSpec("n", "nodes", .number, nil, "number of parts"),
      OptionSpec("v", "verbose", .flag, nil, "print more"),
    ]
  ) { session in
    session.complain("pmemctl does not rewrite ACPI tables")
    return .notSupported
  }
}
