import CPmemShims

/// The arguments of this program, also if /proc is not mounted: Swift's own CommandLine reads them there.
public enum ProgramArguments {
  /// The name that the program was called by, a path or not.
  public static var program: String { CPmem_argument(0).map { String(cString: $0) } ?? "" }

  /// Without the program's name. Invalid UTF-8 in them is replaced by U+FFFD.
  public static var all: [String] {
    var arguments: [String] = []
    while let argument = CPmem_argument(Int32(arguments.count + 1)) {
      arguments.append(String(cString: argument))
    }
    return arguments
  }
}
