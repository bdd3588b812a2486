/// How a command ends early.
struct ToolExit: Error, Hashable {
  /// Of the process.
  let status: Int32

  init(_ status: Int32) { self.status = status }

  /// Wrong usage.
  static let usage = ToolExit(129)
}

/// The status of a command, as ndctl's do: 0, or a negative error number of the kernel; the low eight bits are the status.
struct ReturnCode: Hashable {
  var value: Int32

  static let done = ReturnCode(value: 0)
  static let noEntry = ReturnCode(value: -2)
  static let noDeviceOrAddress = ReturnCode(value: -6)
  static let notPermitted = ReturnCode(value: -13)
  static let busy = ReturnCode(value: -16)
  static let noDevice = ReturnCode(value: -19)
  static let invalid = ReturnCode(value: -22)
  static let noSpace = ReturnCode(value: -28)
  static let notSupported = ReturnCode(value: -95)
  /// Not an error number: a command that counts what succeeded, and of which all failed.
  static let failed = ReturnCode(value: 1)

  var isError: Bool { value < 0 }
  var status: Int32 { value & 0xff }
}
