/// One command of ndctl or daxctl: its options, and what it does.
struct ToolCommand: Sendable {
  let name: String
  /// Behind the tool and the name, in the usage.
  let synopsis: String
  let options: [OptionSpec]
  let run: @Sendable (ToolSession) throws -> ReturnCode

  init(
    _ name: String, _ synopsis: String, _ options: [OptionSpec],
    run: @escaping @Sendable (ToolSession) throws -> ReturnCode
  ) {
    self.name = name
    self.synopsis = synopsis
    self.options = options
    self.run = run
  }
}
